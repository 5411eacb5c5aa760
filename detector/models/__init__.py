"""Networks, their inference, Grad-CAM and loading."""
