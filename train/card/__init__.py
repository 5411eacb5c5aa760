"""The model card: tables, figures, shipping, publishing."""
