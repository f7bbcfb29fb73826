"""`python -m gonogo`."""

from gonogo.main import main

main()
