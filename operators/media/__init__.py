"""Operators that work on video, audio, images and text with PyAV, Pillow and pymediainfo: one zip archive."""
