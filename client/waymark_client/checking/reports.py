"""Findings as text for people, as JSON, and as SARIF 2.1.0 for CI."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from waymark_client.checking.findings import NOT_TRIED, RULES, Finding

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def text_report(findings: Sequence[Finding], asked: int) -> str:
    """A line for each fault, with the exchange below it, and the sum."""
    untried = [
        f"not tried: {each.message} ({each.where})" for each in _untried(findings)
    ]
    faults = faults_in(findings)
    total = f"{asked} requests, {len(faults)} faults, {len(untried)} not tried"
    return "\n".join([*untried, *_lines(faults), total])


def json_report(findings: Sequence[Finding], asked: int) -> str:
    """All that is known of each fault."""
    entries = [
        {
            "rule": each.rule,
            "meaning": RULES[each.rule],
            "message": each.message,
            "evidence": each.evidence(),
        }
        for each in faults_in(findings)
    ]
    untried = [
        {"message": each.message, "uri": each.where} for each in _untried(findings)
    ]
    return _json({"requests": asked, "findings": entries, "not_tried": untried})


def sarif_report(findings: Sequence[Finding], asked: int) -> str:
    """The findings as a run of SARIF; where a file would stand stands the URI."""
    faults = faults_in(findings)
    used = sorted({each.rule for each in faults})
    driver = {
        "name": "waymark check",
        "rules": [
            {"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in used
        ],
    }
    untried = [
        {"level": "note", "message": {"text": f"{each.message} ({each.where})"}}
        for each in _untried(findings)
    ]
    run = {
        "tool": {"driver": driver},
        "results": [_result(each) for each in faults],
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": untried}
        ],
        "properties": {"requests": asked},
    }
    return _json({"$schema": _SARIF, "version": "2.1.0", "runs": [run]})


REPORTS = {"text": text_report, "json": json_report, "sarif": sarif_report}


def faults_in(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without what was not tried."""
    return [each for each in findings if each.rule != NOT_TRIED]


def _untried(findings: Sequence[Finding]) -> list[Finding]:
    return [each for each in findings if each.rule == NOT_TRIED]


def _result(finding: Finding) -> dict[str, Any]:
    shown = finding.evidence()
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": finding.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": finding.where}}}
        ],
        "webRequest": {"method": shown["method"], "target": shown["uri"]},
    }
    if finding.response is not None:
        result["webResponse"] = {
            "statusCode": shown["status"],
            "headers": shown["fields"],
            "body": {"text": shown["body"]},
        }
    return result


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        shown = each.evidence()
        yield f"{each.rule}: {each.message}"
        yield f"    {RULES[each.rule]}"
        status = shown.get("status", "no answer")
        yield f"    {shown['method']} {shown['uri']} -> {status}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
