"""Does a message fit edxml.xsd? A judge that knows nothing of how we write or read: libxml2, and the schema file."""

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from kernel.edoc.checks import BROKEN
from kernel.edoc.message import Malformed

XSD = Path(__file__).with_name("edxml.xsd")


def parser() -> Any:
    """lxml's parser with nothing fetched and no entity put in; large files are let in, as they are by `edxml.read`."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


def parsed(content: bytes) -> Any:
    """Bytes as lxml's tree; only for bytes that `edxml.read` has taken, which keeps the limits. Raises Malformed."""
    try:
        return etree.fromstring(content, parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Malformed("not_xml", BROKEN) from None


def faults(content: bytes) -> list[str]:
    """Where and how a message does not fit, without its text; none where it fits. Raises Malformed if it is no XML."""
    schema = _schema()
    if schema.validate(parsed(content)):
        return []
    return [f"{each.path}: {each.type_name}" for each in schema.error_log]


@cache
def _schema() -> Any:
    return etree.XMLSchema(etree.parse(XSD))
