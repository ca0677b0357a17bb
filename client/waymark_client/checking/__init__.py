"""`waymark check`: walks a service, and finds what it answers wrongly.

findings      what can be wrong, and the answer that shows it
answers       what one answer tells by itself: fields, media types, problems
bodies        what one HAL document tells: links, curies, templates
streams       what rows of NDJSON and CSV tell
comparisons   what shows only beside another answer: HEAD, 304, variants, pages
variables     templated links, and values for them that are known
filling       forms: where they lead, and whether a good submission is taken
crawler       the walk, bounded by depth, count and rate
reports       text, JSON, SARIF
"""
