"""A saved model: a folder with a manifest, safe files and its own preprocessing.

`Predictor.load(folder, encoder)` reads it back and answers tables (`predict`), named arrays
(`predict_arrays`) and asks for attributions (`contributions`). `save` writes it. Formats are
LightGBM text, CatBoost cbm, ONNX and safetensors; nothing here reads or writes a pickle.
"""
