"""A lineage in the words of W3C PROV, as PROV-JSON (W3C Member Submission, 24 April 2013)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.base.clock import utc_text

if TYPE_CHECKING:
    from whence.records.lineage import Lineage, Member

PREFIXES = {
    "whence": "urn:whence:",
    "run": "urn:whence:run:",
    "content": "urn:whence:sha256:",
    "user": "urn:whence:user:",
}


def document(lineage: Lineage) -> dict[str, Any]:
    """Contents as entities, runs as activities, their users as agents."""
    found: dict[str, dict[str, Any]] = {
        part: {}
        for part in (
            "entity",
            "activity",
            "agent",
            "used",
            "wasGeneratedBy",
            "wasAssociatedWith",
        )
    }
    names: dict[str, str] = {}
    records = {
        record.id: record
        for record in lineage.records.of_ids(
            name for name, member in lineage.members.items() if member.is_run
        )
    }
    for name, member in lineage.members.items():
        if not member.is_run:
            names[name] = f"content:{name}"
            found["entity"][names[name]] = _entity(member)
            continue
        names[name] = f"run:{name}"
        record = records.get(name)
        started = record and (record.started or record.created)
        ended = record and record.ended
        told: dict[str, Any] = {"prov:label": member.name, "prov:type": _word(member.kind)}
        if started:
            told["prov:startTime"] = utc_text(started)
        if ended:
            told["prov:endTime"] = utc_text(ended)
        found["activity"][names[name]] = told
        user = member.facts.get("user")
        if user:
            agent = f"user:{_local(user)}"
            found["agent"][agent] = {
                "prov:label": user,
                "prov:type": {"$": "prov:Person", "type": "prov:QUALIFIED_NAME"},
            }
            found["wasAssociatedWith"][f"_:a{len(found['wasAssociatedWith'])}"] = {
                "prov:activity": names[name],
                "prov:agent": agent,
            }
    for link in lineage.links:
        relation = "wasGeneratedBy" if link.category == "output" else "used"
        found[relation][f"_:{relation[0]}{len(found[relation])}"] = {
            "prov:entity": names[link.digest],
            "prov:activity": names[link.run],
            "prov:role": _word(link.category),
            "whence:name": link.name,
        }
    return {"prefix": PREFIXES, **{part: told for part, told in found.items() if told}}


def _entity(member: Member) -> dict[str, Any]:
    told: dict[str, Any] = {
        "prov:label": member.name,
        "prov:type": _word(member.kind),
        "whence:sha256": member.id,
    }
    for key in ("type", "size"):
        if member.facts.get(key) is not None:
            told[f"whence:{key}"] = member.facts[key]
    return told


def _word(text: str) -> dict[str, str]:
    return {"$": f"whence:{text}", "type": "prov:QUALIFIED_NAME"}


def _local(text: str) -> str:
    """A text as the local part of a qualified name."""
    from urllib.parse import quote

    return quote(text, safe="")
