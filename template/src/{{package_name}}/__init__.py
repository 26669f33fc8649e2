"""Trains, evaluates and applies a classifier: see train.py, evaluate.py and predict.py."""
