"""Exported programs as readable PyTorch source: `model.py` beside `weights.safetensors`.

`reading` takes a program apart into plain values and calls, `scopes` finds the modules that it
was made of, `bodies` writes what a module's forward does, `classes` lets modules of one structure
share a class, `package` writes the files.
"""
