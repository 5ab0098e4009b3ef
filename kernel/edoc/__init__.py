"""The exchange of documents between agencies' document systems (iOffice and the like): what is said, and the ways by
which it goes.

message     what an edXML message holds (pure)
edxml       a message as bytes, and back (pure); edxml.xsd is the same said as a schema
checks      what is held against both (pure)
schema      does a message fit that schema?
signature   XMLDSig, where it is set up
exchange    the port: send, received, fetch, acknowledge; and which way is set up
gateway     by HTTP to a gateway that is polled
folder      by a watched folder

See docs/document-exchange.md for the sources and how sure they are.
"""
