"""An invented province that lives on the public API, and an invented export to try the import on."""
