"""Reads whatever panels reply, tolerantly and exactly: text to JSON, shapes, numbers, words, each action's reply."""
