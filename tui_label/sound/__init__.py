"""Sound: files decoded, peaks and spectra for the eye, and the way to the listener's ear.

PortAudio is only ever loaded in the speaker process (speaker.py, engine.py): what a sound
server prints, or hangs on, never reaches the process that owns the terminal.
"""
