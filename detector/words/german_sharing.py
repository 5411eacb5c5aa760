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

_EXAMPLES = {
    "Examples": "Beispiele",
    "Eight files of which we know what they are. The results are those of the models that run here, right or wrong. So few "
    "files show how to read a result, not how good the models are.": "Acht Dateien, von denen wir wissen, was sie sind. Die "
    "Ergebnisse sind die der Modelle, die hier laufen, ob richtig oder falsch. So wenige Dateien zeigen, wie ein Ergebnis zu "
    "lesen ist, nicht wie gut die Modelle sind.",
    "How often they are wrong is measured on many more faces and stands in every result.": "Wie oft sie sich irren, ist an "
    "weit mehr Gesichtern gemessen und steht bei jedem Ergebnis.",
    "The models said": "Die Modelle sagten",
    "{verdict}.": "{verdict}.",
    "{verdict}, score {score}.": "{verdict}, Wert {score}.",
    "Not checked yet with the models that run here; press the button to check it now.": "Mit den Modellen, die hier laufen, "
    "noch nicht geprüft; mit der Taste prüfen Sie es jetzt.",
    "Show the result": "Ergebnis zeigen",
    "Source": "Quelle",
    "White: what we altered": "Weiß: was wir verändert haben",
    "Mask of the altered part of the face": "Maske des veränderten Teils des Gesichts",
    "What it is: not altered": "Was es ist: nicht verändert",
    "What it is: altered by us": "Was es ist: von uns verändert",
    "What it is: no face in it": "Was es ist: ohne Gesicht",
    "That is as it should be: nothing was scored.": "So soll es sein: Nichts wurde bewertet.",
    "That is wrong: something was taken for a face.": "Das ist falsch: Etwas wurde für ein Gesicht gehalten.",
    "So nothing was said about the face in it.": "Über das Gesicht darin wurde also nichts gesagt.",
    "So the models could not tell.": "Die Modelle konnten es also nicht sagen.",
    "That fits what the file is.": "Das passt zu dem, was die Datei ist.",
    "That is wrong: the alteration was missed.": "Das ist falsch: Die Veränderung wurde übersehen.",
    "That is wrong: a face that nobody altered was flagged.": "Das ist falsch: Ein Gesicht, das niemand verändert hat, wurde "
    "beanstandet.",
    "Portrait of an astronaut": "Porträt einer Astronautin",
    "An official portrait as it was published. We only saved it as JPEG.": "Ein amtliches Porträt, wie es veröffentlicht "
    "wurde. Wir haben es nur als JPEG gespeichert.",
    "Portrait of a naval officer": "Porträt einer Marineoffizierin",
    "An official portrait as it was published. We only saved it as JPEG once more.": "Ein amtliches Porträt, wie es "
    "veröffentlicht wurde. Wir haben es nur noch einmal als JPEG gespeichert.",
    "A face blended with itself": "Ein mit sich selbst überblendetes Gesicht",
    "We blended the face of the astronaut with a slightly moved and recoloured copy of itself. The person is the same; the "
    "traces are those of a face that was put in.": "Wir haben das Gesicht der Astronautin mit einer leicht verschobenen und "
    "umgefärbten Kopie seiner selbst überblendet. Die Person ist dieselbe; die Spuren sind die eines eingesetzten Gesichts.",
    "A swapped face": "Ein ausgetauschtes Gesicht",
    "We put the face of the astronaut on the head of the naval officer.": "Wir haben das Gesicht der Astronautin auf den Kopf "
    "der Marineoffizierin gesetzt.",
    "Two people, one of them altered": "Zwei Personen, eine davon verändert",
    "We put both portraits side by side. The face on the left is untouched; on the right, the face of the astronaut replaces "
    "that of the naval officer.": "Wir haben beide Porträts nebeneinandergestellt. Das Gesicht links ist unberührt; rechts "
    "ersetzt das Gesicht der Astronautin das der Marineoffizierin.",
    "A photo without a face": "Ein Foto ohne Gesicht",
    "A cup of coffee. There is nothing here that could be checked.": "Eine Tasse Kaffee. Hier gibt es nichts, was geprüft "
    "werden könnte.",
    "A short video of a portrait": "Ein kurzes Video eines Porträts",
    "The camera moves slowly over the portrait of the astronaut. Nothing was altered; it is a still picture that was made to "
    "move.": "Die Kamera fährt langsam über das Porträt der Astronautin. Nichts wurde verändert; es ist ein Standbild, das in "
    "Bewegung gesetzt wurde.",
    "The same video, altered in the middle": "Dasselbe Video, in der Mitte verändert",
    "The same video, but from second 2 to second 4 the face of the naval officer is on the head of the astronaut.": "Dasselbe "
    "Video, aber von Sekunde 2 bis Sekunde 4 sitzt das Gesicht der Marineoffizierin auf dem Kopf der Astronautin.",
}

SHARING: Mapping[str, str] = MappingProxyType({**_ORIGIN, **_REPORT, **_EXAMPLES})
