"""A dossier, over HTTP, by the parts of its life as in `domain.application`: each file has the bodies of its commands,
and `life` their routes. The pages call the same functions: `action.act`, `dossier.read`.
"""
