"""Submitting online, a question a page: who, what, the procedure's own form where it has one, which files, check your
answers. Without a script and without an account: what was told so far travels in the form itself, and nothing is kept
here before it is submitted."""

import hashlib
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile

from kernel.decider import Text
from kernel.layout import lang, read_day, render, say, see_other
from kernel.upload import store
from kernel.web import Asked, Here, Who
from schemas.intake import Terms
from schemas.people import Address, Document, Person
from services.intake.api.form import form_of as form_on_page
from services.intake.api.form import units_of
from services.intake.api.reference import Known, Reference
from services.intake.api.submission import Guided, Submission, submit
from services.intake.domain.form import Answer, Form, check_concerned
from services.intake.domain.rules import online_level
from services.intake.pages import form as forms
from services.intake.pages import words
from services.intake.pages.shared import form_of, handed_in_at, name_of, text, time_by_rule, today, unit_names, wrongs

router = APIRouter(include_in_schema=False)
STEPS = ("who", "what", "form", "files", "check")
TITLES = {
    "who": Text("Người nộp", "You"),
    "what": Text("Nội dung", "What you ask"),
    "form": Text("Chi tiết", "Details"),
    "files": Text("Giấy tờ", "Documents"),
    "check": Text("Kiểm tra", "Check"),
}
MOST_FILES = 30
_person: TypeAdapter[Person] = TypeAdapter(Person)
Short = Annotated[str, Field(max_length=300)]


class Held(BaseModel):
    """A file that was sent already."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=500)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: int
    media_type: Annotated[str, Field(max_length=100)]
    name: Annotated[str, Field(max_length=255)]


class Told(BaseModel):
    """What has been answered so far. It comes back from the browser with each step, so it is checked each time."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(max_length=40)] = ""
    acting: Annotated[str, Field(max_length=20)] = ""
    name: Short = ""
    born: Short = ""
    id_number: Short = ""
    phone: Short = ""
    email: Short = ""
    street: Short = ""
    commune: Short = ""
    province: Short = ""
    authorised_name: Short = ""
    authorised_id_number: Short = ""
    authorised_phone: Short = ""
    decided_by: Short = ""
    case: Short = ""
    content: Annotated[str, Field(max_length=4000)] = ""
    delivery: Annotated[str, Field(max_length=20)] = "desk"
    notify: Annotated[str, Field(max_length=20)] = "sms"
    pupil_name: Short = ""
    pupil_born: Short = ""
    pupil_id_number: Short = ""
    answers: Annotated[dict[str, Short | Annotated[list[Short], Field(max_length=50)]], Field(max_length=60)] = Field(
        default_factory=dict
    )
    files: Annotated[list[Held], Field(max_length=MOST_FILES)] = Field(default_factory=list)


FIELDS = {
    "who": (
        *("acting", "name", "born", "id_number", "phone", "email", "street", "commune", "province"),
        *("authorised_name", "authorised_id_number", "authorised_phone"),
    ),
    "what": ("decided_by", "case", "content", "delivery", "notify"),
    "form": ("pupil_name", "pupil_born", "pupil_id_number"),
    "files": (),
    "check": (),
}


@router.get("/nop-ho-so/{id}")
async def begin(request: Request, service: Here, known: Known, id: str) -> Response:
    return await _show(request, service, known, id, "who", Told(key=uuid4().hex))


@router.post("/nop-ho-so/{id}")
async def step(request: Request, service: Here, known: Known, actor: Who, id: str) -> Response:
    """One answer, and on to the next question; the last one submits."""
    said = lang(request)
    form = await form_of(request)
    at = text(form, "step")
    if at not in STEPS:
        raise HTTPException(400)
    try:
        told = Told.model_validate_json(text(form, "told") or "{}")
        told = Told.model_validate(told.model_dump() | {name: text(form, name) for name in FIELDS[at] if name in form})
    except ValidationError as error:
        return await _show(request, service, known, id, at, Told(key=uuid4().hex), wrongs(error.errors(), said))
    own, units = await _own(service, known, id, told)
    steps = [each for each in STEPS if own or each != "form"]
    if at == "form" and own:
        told.answers = forms.typed(own, form)
    if at not in steps:
        return await _show(request, service, known, id, steps[steps.index("what") + 1], told)
    errors = await _take_files(service, await _terms(service, known, id), form, told, said) if at == "files" else {}
    go = text(form, "go")
    if go in steps:
        return await _show(request, service, known, id, go, told)
    if not errors:
        errors = await _check(service, known, id, at, told, said)
    if at == "form" and own and not errors:
        told.answers = forms.named(own, forms.read(own, told.answers, units, said)[0], told.answers, units)
    if errors or go == "more":
        return await _show(request, service, known, id, at, told, errors)
    if at != "check":
        return await _show(request, service, known, id, steps[steps.index(at) + 1], told)
    for each in steps[:-1]:
        if errors := await _check(service, known, id, each, told, said):
            return await _show(request, service, known, id, each, told, errors)
    fingerprint = hashlib.sha256(f"{id}\n{told.model_dump_json()}".encode()).digest()
    asked = Asked(f"{actor.id} online {told.key}" if told.key else None, fingerprint, said)
    answers = forms.read(own, told.answers, units, said)[0] if own else {}
    done = await submit(service, known, actor, _submission(id, told, own, answers), asked)
    if isinstance(done, Guided):
        return see_other(f"/huong-dan/{done.visit}")
    return see_other(handed_in_at(service, done.stream))


async def _terms(service: Here, known: Reference, id: str) -> Terms:
    """The terms of today. Raises HTTPException where it is not offered, or not online."""
    day = today(service)
    terms, _ = await known.terms(id, day)
    if terms is None:
        raise HTTPException(404, Text("Thủ tục này hiện không có hiệu lực.", "This procedure is not in force."))
    if online_level(terms, known.rules(day)) < 2:
        raise HTTPException(404, Text("Thủ tục này chưa nộp được trên mạng.", "This can't be submitted online yet."))
    return terms


async def _own(service: Here, known: Reference, id: str, told: Told) -> tuple[Form | None, forms.Units]:
    """The procedure's own form, where the unit that was chosen decides, and the units that may be named in it."""
    units = dict(await _units(service, known, await _terms(service, known, id)))
    day = today(service)
    own = await form_on_page(known, id, told.decided_by if told.decided_by in units else "", day)
    return own, await units_of(known, own, day) if own else {}


async def _show(
    request: Request,
    service: Here,
    known: Reference,
    id: str,
    at: str,
    told: Told,
    errors: dict[str, str] | None = None,
) -> Response:
    terms = await _terms(service, known, id)
    own, suggested = await _own(service, known, id, told)
    steps = [each for each in STEPS if own or each != "form"]
    said, chosen = lang(request), await unit_names(service) if at in ("form", "check") else {}
    page = render(
        request,
        "submit.html",
        status=422 if errors else 200,
        id=id,
        terms=terms,
        at=at,
        number=steps.index(at) + 1,
        before=steps[steps.index(at) - 1] if at != "who" else "",
        titles=[say(TITLES[each], lang=said) for each in steps],
        own=own,
        suggested=suggested,
        questions=forms.asked(own, told.answers, {"decided_by": chosen.get(told.decided_by, "")}, said) if own else [],
        answered=forms.shown(own, told.answers, {}, said) if own else [],
        told=told,
        errors=errors or {},
        units=await _units(service, known, terms),
        cases=[each.case for each in terms.times if each.case],
        times=time_by_rule(terms, known.rules(today(service))),
        names=chosen,
        words=words,
        name_of=name_of,
        most=service.settings.max_attachment >> 20,
    )
    # Going back with the browser shows the page as it was, without sending it again.
    page.headers["cache-control"] = "private, max-age=0"
    return page


async def _units(service: Here, known: Reference, terms: Terms) -> list[tuple[str, str]]:
    """The units to choose from, where more than one could decide."""
    if terms.authority not in ("school", "commune"):
        return []
    found = await known.places((words.DECIDES[terms.authority],), today(service))
    return [(each.unit, each.name) for each in found]


async def _check(service: Here, known: Reference, id: str, at: str, told: Told, said: str) -> dict[str, str]:
    """What is wrong with a step's answers."""
    found: dict[str, str] = {}
    if at == "who":
        if told.acting not in ("self", "other"):
            found["acting"] = say(words.WRONG["acting"], lang=said)
        found |= _wrong_person(_applicant(told), said)
        if told.born:
            try:
                read_day(told.born)
            except ValueError:
                found["born"] = say(words.WRONG["born"], lang=said)
        if not told.phone and not told.email:
            found.setdefault(
                "phone",
                say(Text("Hãy cho số điện thoại hoặc thư điện tử", "Give a telephone number or e-mail"), lang=said),
            )
        if told.acting == "other":
            found |= _wrong_person(_authorised(told), said, "authorised_")
    if at == "form":
        return await _wrong_form(service, known, id, told, said)
    if at == "what":
        units = await _units(service, known, await _terms(service, known, id))
        if units and told.decided_by not in dict(units):
            found["decided_by"] = say(words.WRONG["decided_by"], lang=said)
        if not told.content:
            found["content"] = say(Text("Hãy viết ông/bà đề nghị điều gì", "Write what you ask for"), lang=said)
        for name, known_words in (("delivery", words.DELIVERY), ("notify", words.NOTIFY)):
            if getattr(told, name) not in known_words:
                found[name] = say(Text("Hãy chọn một mục", "Choose one"), lang=said)
        if told.delivery == "post" and not told.street:
            found["delivery"] = say(
                Text(
                    "Muốn nhận qua bưu chính, hãy ghi địa chỉ ở bước 1",
                    "To have it by post, give your address in step 1",
                ),
                lang=said,
            )
    return found


def _pupil(told: Told) -> dict[str, Any]:
    return {"name": told.pupil_name, "id_number": _digits(told.pupil_id_number)}


async def _wrong_form(service: Here, known: Reference, id: str, told: Told, said: str) -> dict[str, str]:
    """What is wrong with the procedure's own form, and with whom it is about."""
    own, units = await _own(service, known, id, told)
    if own is None:
        return {}
    found: dict[str, str] = {}
    if own.concerns:
        found = _wrong_person(_pupil(told), said, "pupil_")
        try:
            born = read_day(told.pupil_born)
        except ValueError:
            found["pupil_born"] = say(words.WRONG["born"], lang=said)
        if not found:
            pupil, applicant = Person(**_pupil(told), born=born), Person(**_applicant(told))
            wrong = check_concerned(own, pupil, applicant)
            found = {f"pupil_{name}": say(each.says, lang=said) for name, each in wrong.items()}
    return found | forms.read(own, told.answers, units, said)[1]


def _applicant(told: Told) -> dict[str, Any]:
    return {"name": told.name, "id_number": _digits(told.id_number), "phone": told.phone, "email": told.email}


def _authorised(told: Told) -> dict[str, Any]:
    return {
        "name": told.authorised_name,
        "id_number": _digits(told.authorised_id_number),
        "phone": told.authorised_phone,
    }


def _digits(text: str) -> str:
    return "".join(text.split())


def _wrong_person(given: dict[str, Any], said: str, prefix: str = "") -> dict[str, str]:
    try:
        _person.validate_python(given)
    except ValidationError as error:
        return wrongs(error.errors(), said, prefix)
    return {}


async def _take_files(service: Here, terms: Terms, form: FormData, told: Told, said: str) -> dict[str, str]:
    """Store what was sent with this step, and forget what was taken back."""
    dropped = set(form.getlist("drop"))
    told.files = [each for each in told.files if each.digest not in dropped]
    errors: dict[str, str] = {}
    for name, upload in form.multi_items():
        if not isinstance(upload, UploadFile) or not upload.filename:
            continue
        number = name.removeprefix("file-")
        titles = terms.documents
        known_title = number.isdecimal() and int(number) < len(titles)
        title = titles[int(number)][:500] if known_title else say(Text("Giấy tờ khác", "Another paper"), lang="vi")
        if len(told.files) >= MOST_FILES:
            errors[name] = say(Text(f"Tối đa {MOST_FILES} tệp", f"At most {MOST_FILES} files"), lang=said)
            break
        try:
            blob = await store(service, upload)  # type: ignore[arg-type]
        except HTTPException as refused:
            errors[name] = f"{upload.filename[:80]}: {_why(refused, said)}"
            continue
        if all(each.digest != blob.digest for each in told.files):
            held = Held(
                title=title, digest=blob.digest, size=blob.size, media_type=blob.media_type, name=upload.filename[:255]
            )
            told.files.append(held)
    return errors


def _why(refused: HTTPException, said: str) -> str:
    detail: object = refused.detail
    return say(detail, lang=said) if isinstance(detail, Text) else str(detail)


def _submission(id: str, told: Told, own: Form | None, answers: dict[str, Answer]) -> Submission:
    born = read_day(told.born) if told.born else None
    address = Address(street=told.street, commune=told.commune, province=told.province)
    documents = tuple(
        Document(title=each.title, digest=each.digest, size=each.size, media_type=each.media_type)
        for each in told.files
    )
    return Submission.model_validate(
        {
            "procedure": id,
            "channel": "online",
            "applicant": Person(**_applicant(told), born=born, address=address),
            "authorised": Person(**_authorised(told)) if told.acting == "other" else None,
            "decided_by": told.decided_by,
            "case": told.case,
            "content": told.content,
            "delivery": told.delivery,
            "notify": told.notify,
            "answers": answers,
            "concerns": Person(**_pupil(told), born=read_day(told.pupil_born)) if own and own.concerns else None,
            "documents": documents,
            "file_names": {each.digest: each.name for each in told.files},
        }
    )
