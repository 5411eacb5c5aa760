"""German for what a file says about itself and for what is handed on: reports and examples. Part of ``german``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["SHARING"]

_ORIGIN = {
    "What the file says about itself": "Was die Datei über sich selbst sagt",
    "This is read from notes inside the file. It does not change the score, and anyone can write or remove such notes.": "Das "
    "stammt aus Vermerken in der Datei. Es ändert den Wert nicht, und jeder kann solche Vermerke schreiben oder entfernen.",
    "No notes about a camera, a program or a generator were found. Most files from the internet have none, so this speaks "
    "neither for nor against the file.": "Vermerke über eine Kamera, ein Programm oder einen Bildgenerator wurden nicht "
    "gefunden. Die meisten Dateien aus dem Internet haben keine, das spricht also weder für noch gegen die Datei.",
    "Cropping, saving again, screenshots and most messengers and social networks remove such notes; the original file is the "
    "best place to look for them.": "Zuschneiden, erneutes Speichern, Bildschirmfotos und die meisten Messenger und sozialen "
    "Netzwerke entfernen solche Vermerke; am ehesten hat sie die Originaldatei.",
    "Some notes in the file are damaged, or too many or too long, and were not read.": "Manche Vermerke in der Datei sind "
    "beschädigt, zu viele oder zu lang und wurden nicht gelesen.",
    "Content Credentials (C2PA)": "Herkunftsnachweis (Content Credentials, C2PA)",
    "{name}: {value}": "{name}: {value}",
    "{name}: {value} ({where}). {worth}": "{name}: {value} ({where}). {worth}",
    "Camera": "Kamera",
    "A camera or phone is named. Editing programs usually keep this note.": "Eine Kamera oder ein Telefon ist genannt. "
    "Bearbeitungsprogramme lassen diesen Vermerk meist stehen.",
    "Date in the file": "Datum in der Datei",
    "Set by the clock of the device, which may be wrong.": "Von der Uhr des Geräts gesetzt, die falsch gehen kann.",
    "Generator named in the file": "In der Datei genannter Bildgenerator",
    "Programs that make or change pictures with AI write such notes.": "Programme, die Bilder mit KI erzeugen oder verändern, "
    "schreiben solche Vermerke.",
    "Face editor named in the file": "In der Datei genanntes Programm für Gesichter",
    "A program whose purpose is to change or smooth faces is named.": "Genannt ist ein Programm, das Gesichter verändert oder "
    "glättet.",
    "Editing program": "Bearbeitungsprogramm",
    "Used for harmless corrections as well as for large changes.": "Es dient harmlosen Korrekturen ebenso wie großen "
    "Änderungen.",
    "Program or device software": "Programm oder Gerätesoftware",
    "It wrote or saved the file.": "Damit wurde die Datei geschrieben oder gespeichert.",
    "Declared kind of source": "Angegebene Art der Quelle",
    "Whoever made the file declared this with a term of the IPTC, the press agencies' body for such notes.": "Wer die Datei "
    "erstellt hat, hat das mit einem Begriff des IPTC angegeben, des Gremiums der Nachrichtenagenturen für solche Vermerke.",
    "Size noted by the camera, in pixels": "Von der Kamera vermerkte Größe in Pixeln",
    "The picture now has another size, so it was cropped or scaled after it was taken.": "Das Bild hat jetzt eine andere "
    "Größe, wurde also nach der Aufnahme zugeschnitten oder skaliert.",
    "Saved or converted by": "Gespeichert oder umgewandelt mit",
    "Services and programs convert nearly every upload, so this says little.": "Dienste und Programme wandeln fast jede "
    "hochgeladene Datei um, das sagt also wenig.",
    "made by a generative AI model": "von einem KI-Modell erzeugt",
    "composed, with parts made by a generative AI model": "zusammengesetzt, mit Teilen aus einem KI-Modell",
    "made by a computer program without training data": "von einem Computerprogramm ohne Trainingsdaten erzeugt",
    "composed, with computer-made parts": "zusammengesetzt, mit computererzeugten Teilen",
    "composed of several sources": "aus mehreren Quellen zusammengesetzt",
    "composed of several photographs": "aus mehreren Fotografien zusammengesetzt",
    "taken with a digital camera": "mit einer Digitalkamera aufgenommen",
    "taken with a phone or camera that joins several exposures": "mit einem Telefon oder einer Kamera aufgenommen, die mehrere "
    "Belichtungen verbindet",
    "scanned from film": "von Film gescannt",
    "scanned from a print": "von einem Abzug gescannt",
    "edited by a person without generative AI": "von einem Menschen ohne generative KI bearbeitet",
    "improved by a program without generative AI": "von einem Programm ohne generative KI verbessert",
    "made by a person with a computer": "von einem Menschen am Computer gemacht",
    "recorded from a screen or a virtual world": "von einem Bildschirm oder aus einer virtuellen Welt aufgenommen",
    "The file carries a signed record of its making, and it has not been changed since it was signed. Whether the signer can "
    "be relied on was not checked: anyone can sign under any name.": "Die Datei trägt einen unterschriebenen Nachweis ihrer "
    "Entstehung und wurde seit der Unterschrift nicht verändert. Ob auf den Unterzeichner Verlass ist, wurde nicht geprüft: "
    "Jeder kann unter jedem Namen unterschreiben.",
    "The file carries a signed record of its making, but it no longer fits: file or record were changed after the signing, or "
    "the signature is not valid. A harmless later edit can do that too.": "Die Datei trägt einen unterschriebenen Nachweis "
    "ihrer Entstehung, aber er passt nicht mehr: Datei oder Nachweis wurden nach der Unterschrift verändert, oder die "
    "Unterschrift ist ungültig. Auch eine harmlose spätere Bearbeitung kann das bewirken.",
    "The file carries a record of its making that could not be read.": "Die Datei trägt einen Nachweis ihrer Entstehung, der "
    "nicht gelesen werden konnte.",
    "The file only gives an internet address for a record of its making. Nothing is fetched from there.": "Die Datei nennt für "
    "den Nachweis ihrer Entstehung nur eine Internetadresse. Von dort wird nichts abgerufen.",
    "Signed under the name: {name}.": "Unterschrieben unter dem Namen: {name}.",
    "Signed on: {date}.": "Unterschrieben am: {date}.",
    "Program: {names}.": "Programm: {names}.",
    "Declared kind of source: {kind}.": "Angegebene Art der Quelle: {kind}.",
    "Recorded steps: {codes}.": "Vermerkte Schritte: {codes}.",
    "What does not fit: {codes}.": "Was nicht passt: {codes}.",
}

_REPORT = {
    "Date of the check (UTC)": "Datum der Prüfung (UTC)",
    "Options and thresholds": "Einstellungen und Schwellen",
    "Download the report (HTML)": "Bericht herunterladen (HTML)",
    "Copy the result as text": "Ergebnis als Text kopieren",
    "Copied": "Kopiert",
    "This report holds the pictures it was made from. A score is an estimate, not evidence: do not use it to accuse anyone.": ""
    "Dieser Bericht enthält die Bilder, auf denen er beruht. Ein Wert ist eine Schätzung und kein Beweis: Beschuldigen Sie "
    "damit niemanden.",
    "Report of a check for signs of face manipulation": "Bericht über eine Prüfung auf Anzeichen für manipulierte Gesichter",
    "Check of {name}": "Prüfung von {name}",
}

SHARING: Mapping[str, str] = MappingProxyType({**_ORIGIN, **_REPORT})
