"""Dossiers in flight from another one-stop's export into a running intake: CSV, XLSX or XES by a mapping file.

    plan   = mapping.read_mapping(path)
    rows   = export.read(file, plan)            each with the number that a spreadsheet shows
    result = sending.run(intake, rows, plan)    in batches; wrong rows are told and the others go on

Nothing is remembered here: a dossier is known by the other system's name and key, so an import that broke off is simply
started again. The report of wrong rows can be mended and imported as it is.
"""
