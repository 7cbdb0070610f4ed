"""Redsys's service for questions ("consultas"): what it knows of an order, asked and answered in XML inside of SOAP.

The element Version is signed as HMAC_SHA256_V1, whatever signs the payments. `Monitor` asks for every operation of an
order; no operation at all is the error XML0024. The shapes are those of public clients of the service
(github.com/civitatis/redsys-query-php, github.com/juspay/hyperswitch: connectors/redsys); its answer is not signed
in a way that they tell of: it is believed because it comes from Redsys's own address over TLS.
"""

from datetime import UTC, datetime, timedelta
from html import escape
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from defusedxml.ElementTree import ParseError, fromstring
from flask_babel import gettext as _

from storefront.payments.errors import GatewayError
from storefront.payments.gateways.redsys_signing import V1, signature

PATH = "apl02/services/SerClsWSConsulta"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "consultaOperaciones"}
NO_OPERATION = "XML0024"
FINISHED, BEING_DECIDED = "F", ("A", "P")  # finished; at the bank's page, at the bank
GIVEN_UP_AFTER = timedelta(minutes=45)  # the page is open for thirty
SPAIN = ZoneInfo("Europe/Madrid")
SHAPES = ("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S")


def question(order: str, merchant: str, terminal: str, key: str) -> bytes:
    """What is posted to ask for an order."""
    facts = {"Ds_MerchantCode": merchant, "Ds_Terminal": terminal, "Ds_Order": order}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
    version = f'<Version Ds_Version="0.0"><Message><Monitor>{inner}</Monitor></Message></Version>'
    signed = f"<Signature>{signature(version, order, key, V1)}</Signature><SignatureVersion>{V1}</SignatureVersion>"
    return (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:web="http://webservices.apl02.redsys.es"><soapenv:Header/><soapenv:Body><web:consultaOperaciones>'
        f"<cadenaXML><![CDATA[<Messages>{version}{signed}</Messages>]]></cadenaXML></web:consultaOperaciones>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def operations(body: bytes) -> list[dict[str, str]]:
    """The operations of an answer, each by its fields. Raises GatewayError for an error and for nonsense."""
    try:
        answer = _inner(fromstring(body))
    except (ParseError, ValueError):
        answer = None
    found = [] if answer is None else [_fields(one) for one in answer.iter() if _name(one) == "Response"]
    errors = [] if answer is None else [one.text or "" for one in answer.iter() if _name(one) == "Ds_ErrorCode"]
    if not found and NO_OPERATION not in errors:
        raise GatewayError(_("The payment service gives no sensible answer."))
    return found


def is_being_decided(operation: dict[str, str], now: datetime) -> bool:
    """Whether the shopper or the bank may still say yes: it has begun, and not too long ago."""
    begun = time_of(operation)
    return operation.get("Ds_State") in BEING_DECIDED and (begun is None or now < begun + GIVEN_UP_AFTER)


def time_of(facts: dict[str, str]) -> datetime | None:
    """When it was, in UTC; Redsys tells it in Spanish time, perhaps percent-encoded."""
    text = unquote(f"{facts.get('Ds_Date', '')} {facts.get('Ds_Hour', '')}")
    for shape in SHAPES:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=SPAIN).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _inner(envelope):
    """The answer proper: an element of the envelope, or a text that is XML itself."""
    for element in envelope.iter():
        if _name(element) == "consultaOperacionesReturn":
            return element if len(element) else fromstring(element.text or "")
    return None


def _fields(element):
    return {_name(child): (child.text or "").strip() for child in element}


def _name(element):
    return str(element.tag).rpartition("}")[2]
