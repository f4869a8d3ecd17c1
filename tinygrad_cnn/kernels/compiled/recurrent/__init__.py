"""Recurrent layers over whole sequences: LSTM, GRU and Elman's network."""
