"""The commands of ``python -m detector``, one module each. A module has ``add_to``, which describes its arguments, and ``run``.

Each imports only what is quick: TensorFlow and mediapipe cost seconds, which ``--help`` should not.
"""
