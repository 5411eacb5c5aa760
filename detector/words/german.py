"""German: each English template of the package with its translation, in plain newspaper German.

The keys are the templates as they stand where a sentence is made; a test holds that none is missing, stale, or without one
of its fields. Like the English ones, the sentences never call a picture real or fake.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.words.german_server import SERVER
from detector.words.german_sharing import SHARING

__all__ = ["GERMAN"]

# The page ------------------------------------------------------------------------------------------------------------

_PAGE = {
    "Check a photo or video for signs of face manipulation": "Foto oder Video auf Anzeichen für manipulierte Gesichter prüfen",
    "Every face in your photo or video is compared with what computer models have learned from genuine faces and from "
    "altered or generated ones (“deepfakes”).": "Jedes Gesicht in Ihrem Foto oder Video wird mit dem verglichen, was "
    "Computermodelle aus unverfälschten und aus veränderten oder künstlich erzeugten Gesichtern („Deepfakes“) gelernt haben.",
    "A result is an estimate, not evidence: do not use it to accuse anyone.": "Ein Ergebnis ist eine Schätzung und kein "
    "Beweis: Beschuldigen Sie damit niemanden.",
    "Only faces are examined, and many altered ones are missed.": "Geprüft werden nur Gesichter, und viele veränderte bleiben "
    "unentdeckt.",
    "Your file goes only to the computer that runs this page and is deleted there within minutes.": "Ihre Datei geht nur an "
    "den Computer, auf dem diese Seite läuft, und wird dort nach wenigen Minuten gelöscht.",
    "Language": "Sprache",
    "Photo": "Foto",
    "Video": "Video",
    "Your photo": "Ihr Foto",
    "Your video": "Ihr Video",
    "Drop a photo here\nor press to choose one": "Foto hierher ziehen\noder zum Auswählen drücken",
    "Check this photo": "Dieses Foto prüfen",
    "Check this video": "Dieses Video prüfen",
    "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF, up to 50 MB and 40 million pixels.": "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP oder GIF, bis 50 MB und 40 Millionen Bildpunkte.",
    "Best is the original file, with faces that are large, sharp, well lit and turned towards the camera.": "Am besten ist die Originaldatei, mit Gesichtern, die groß, scharf, gut beleuchtet und der Kamera zugewandt sind.",
    "MP4, MOV, MKV, WebM, AVI or MPEG, up to 200 MB and 4 hours.": "MP4, MOV, MKV, WebM, AVI oder MPEG, bis 200 MB und "
    "4 Stunden.",
    "Opening the video.": "Das Video wird geöffnet.",
    "Uploading…": "Wird hochgeladen …",
    "The check starts by itself as soon as the upload has ended.": "Die Prüfung beginnt von selbst, sobald die Datei "
    "hochgeladen ist.",
    "Stop": "Abbrechen",
    "The check was stopped. Nothing was kept; press the button to start again.": "Die Prüfung wurde abgebrochen. Nichts wurde "
    "aufbewahrt; mit der Taste starten Sie neu.",
    "No video was chosen yet. Add one above, then press the button again.": "Es ist noch kein Video ausgewählt. Fügen Sie oben "
    "eines hinzu und drücken Sie die Taste noch einmal.",
    "No photo was chosen yet. Add one above, then press the button again.": "Es ist noch kein Foto ausgewählt. Fügen Sie oben "
    "eines hinzu und drücken Sie die Taste noch einmal.",
    "Make a video with the marks drawn in": "Video mit eingezeichneten Markierungen erstellen",
    "Your video with numbered boxes and the scores of single frames": "Ihr Video mit nummerierten Rahmen und den Werten "
    "einzelner Bilder",
    "Download the report (JSON)": "Bericht herunterladen (JSON)",
    "Looking for faces and scoring them. This usually takes a few seconds.": "Gesichter werden gesucht und bewertet. Das "
    "dauert meist wenige Sekunden.",
    "The file is not, or no longer, among the uploads. Upload the file again.": "Die Datei ist nicht oder nicht mehr unter den "
    "hochgeladenen Dateien. Laden Sie sie noch einmal hoch.",
    "The check did not finish. Uploaded files are deleted after a few minutes, so this one may be gone, or the program may be "
    "busy or at fault. Choose the file again, then press the button.": "Die Prüfung wurde nicht fertig. Hochgeladene Dateien "
    "werden nach wenigen Minuten gelöscht, diese ist also vielleicht schon fort; oder das Programm ist überlastet oder hat "
    "einen Fehler. Wählen Sie die Datei noch einmal aus und drücken Sie die Taste.",
    "You can choose another file above and press the button again.": "Sie können oben eine andere Datei auswählen und die "
    "Taste noch einmal drücken.",
    "Starting the program that checks files, which takes some seconds": "Das Programm, das Dateien prüft, startet; das dauert einige Sekunden",
    "{stage}.": "{stage}.",
    "Looking for faces and scoring them, frame by frame": "Gesichter werden Bild für Bild gesucht und bewertet",
    "Preparing the pictures of each person": "Die Bilder jeder Person werden vorbereitet",
    "Drawing the marks into the video": "Die Markierungen werden ins Video gezeichnet",
    "{stage}: {done} of {total}.": "{stage}: {done} von {total}.",
    "Nearly done.": "Fast fertig.",
    "About {count} seconds left.": "Noch etwa {count} Sekunden.",
    "About 1 minute left.": "Noch etwa 1 Minute.",
    "About {count} minutes left.": "Noch etwa {count} Minuten.",
    "photo": "Foto",
    "video": "Video",
}

# What a verdict says ---------------------------------------------------------------------------------------------------

_VERDICTS = {
    "Could not check this file": "Diese Datei konnte nicht geprüft werden",
    "No clear signs found": "Keine klaren Anzeichen gefunden",
    "Inconclusive": "Kein eindeutiges Ergebnis",
    "Some signs of manipulation": "Einige Anzeichen für Manipulation",
    "Strong signs of manipulation": "Starke Anzeichen für Manipulation",
    "Not analysed": "Nicht geprüft",
    "No score was made, so this tells you nothing about the {medium}, in either direction.": "Es wurde nichts bewertet; das "
    "sagt Ihnen also nichts über das {medium}, weder in die eine noch in die andere Richtung.",
    "No face that could be analysed looks clearly like the altered or generated faces the models were shown.": "Kein Gesicht, "
    "das geprüft werden konnte, ähnelt deutlich den veränderten oder künstlich erzeugten Gesichtern, an denen die Modelle "
    "gelernt haben.",
    "The check allows no statement in either direction; the reason stands above.": "Die Prüfung erlaubt keine Aussage, weder in die eine noch in die andere Richtung; der Grund steht oben.",
    "Saved again, at half the size, mirrored or cropped a little differently, the {medium} still looks the same to a person, "
    "but the models then come to different verdicts. So none is given.": "Neu gespeichert, auf halbe Größe verkleinert, gespiegelt oder etwas anders zugeschnitten, sieht das {medium} für einen Menschen gleich aus, "
    "aber die Modelle kommen dann zu verschiedenen Ergebnissen. Darum wird keines genannt.",
    "At least one face looks more like the altered or generated faces "
    "the models were shown than like the genuine ones.": "Mindestens "
    "ein Gesicht ähnelt eher den veränderten oder künstlich erzeugten Gesichtern, an denen die Modelle gelernt haben, als den "
    "unverfälschten.",
    "At least one face looks much more like the altered or generated faces "
    "the models were shown than like the genuine ones.": "Mindestens "
    "ein Gesicht ähnelt viel stärker den veränderten oder künstlich erzeugten Gesichtern, an denen die Modelle gelernt haben, "
    "als den unverfälschten.",
    "It does not mean that something is wrong with the {medium}, or that nothing is.": "Es heißt weder, dass mit dem {medium} "
    "etwas nicht stimmt, noch, dass alles stimmt.",
    "It does not mean that the {medium} is unaltered. Good or new methods, and changes outside the faces, are missed.": "Es "
    "heißt nicht, dass das {medium} unverändert ist. Gute oder neue Verfahren und Änderungen außerhalb der Gesichter bleiben "
    "unbemerkt.",
    "It does not mean that the {medium} is half suspicious, nor that it is fine.": "Es heißt nicht, dass das {medium} halb "
    "verdächtig ist, und auch nicht, dass es in Ordnung ist.",
    "It does not mean that the {medium} is altered: genuine ones get this result too.": "Es heißt nicht, dass das {medium} "
    "verändert ist: Auch unverfälschte bekommen dieses Ergebnis.",
    "It is not proof. Filters, make-up, strong compression or screenshots can lead to it in a genuine {medium}.": "Es ist kein "
    "Beweis. Filter, Schminke, starke Kompression oder Bildschirmfotos können auch bei einem unverfälschten {medium} dazu "
    "führen.",
    "Look for the original file: larger, sharper and less compressed than a copy from a chat or a screenshot.": "Suchen Sie "
    "die Originaldatei: Sie ist größer, schärfer und weniger komprimiert als eine Kopie aus einem Chat oder ein Bildschirmfoto.",
    "Ask where the {medium} comes from; that often says more than any check of its pixels.": "Fragen Sie, woher das {medium} "
    "stammt; das sagt oft mehr als jede Prüfung der Bildpunkte.",
    "Judge the source and the context as carefully as you would without this result.": "Prüfen Sie Quelle und Zusammenhang so "
    "sorgfältig, wie Sie es ohne dieses Ergebnis täten.",
    "If much depends on it, ask someone with experience, or the person shown.": "Wenn viel davon abhängt, fragen Sie jemanden "
    "mit Erfahrung oder die gezeigte Person selbst.",
    "Try the original file, or another {medium} of the same scene.": "Versuchen Sie es mit der Originaldatei oder mit einem "
    "anderen {medium} derselben Szene.",
    "Treat it as a {medium} that has not been checked: look for its source and for other reports of the event.": "Behandeln "
    "Sie es wie ein ungeprüftes {medium}: Suchen Sie die Quelle und andere Berichte über das Ereignis.",
    "Look for the oldest copy with a reverse image search and compare the faces.": "Suchen Sie mit einer "
    "Bilder-Rückwärtssuche die älteste Fassung und vergleichen Sie die Gesichter.",
    "Ask who made the {medium}, and try the original file here.": "Fragen Sie, wer das {medium} gemacht hat, und prüfen Sie "
    "hier die Originaldatei.",
    "Do not share it as proof of anything, and do not accuse anyone because of it.": "Teilen Sie es nicht als Beleg für "
    "irgendetwas und beschuldigen Sie deswegen niemanden.",
    "Ask who made the {medium}, and show it to someone with experience before you act on it.": "Fragen Sie, wer das {medium} "
    "gemacht hat, und zeigen Sie es jemandem mit Erfahrung, bevor Sie danach handeln.",
    "Do not share it further, and do not accuse anyone because of this result alone.": "Teilen Sie es nicht weiter und "
    "beschuldigen Sie niemanden allein wegen dieses Ergebnisses.",
    "How often genuine and altered {medium}s get this result was not measured.": "Wie oft unverfälschte und veränderte "
    "{medium}s dieses Ergebnis bekommen, wurde nicht gemessen.",
    "In tests, {real} of 100 genuine faces got this result, and {altered} of 100 altered or generated ones (measured on "
    "{reals} and {fakes} faces; on your own files it may be worse).": "In Tests bekamen {real} von 100 unverfälschten "
    "Gesichtern dieses Ergebnis und {altered} von 100 veränderten oder künstlich erzeugten (gemessen an {reals} und {fakes} "
    "Gesichtern; bei Ihren eigenen Aufnahmen kann es schlechter sein).",
    "In tests, {real} of {reals} genuine faces got this result, and {altered} of {fakes} altered or generated ones. So few faces "
    "tell little, and on your own files it may be worse.": "In Tests bekamen {real} von {reals} unverfälschten Gesichtern dieses Ergebnis und {altered} von {fakes} veränderten oder künstlich erzeugten. "
    "So wenige Gesichter sagen wenig, und bei Ihren eigenen Aufnahmen kann es schlechter sein.",
    "Single frames score much higher than the whole video. An alteration of a short part can be lost in the result: look at the "
    "times below.": "Einzelne Bilder haben einen viel höheren Wert als das ganze Video. Eine Veränderung eines kurzen Teils kann im Ergebnis untergehen: Sehen Sie sich die Zeiten weiter unten an.",
    "If 1 face in 10 were altered, then {count} of 100 faces with this result would in fact be altered.": "Wäre 1 von "
    "10 Gesichtern verändert, dann wären von 100 Gesichtern mit diesem Ergebnis {count} tatsächlich verändert.",
    "If 1 face in 10 were altered, then {count} of 100 faces with this result would be altered all the same.": "Wäre 1 von "
    "10 Gesichtern verändert, dann wären von 100 Gesichtern mit diesem Ergebnis {count} trotzdem verändert.",
    "about {count:.0f}": "etwa {count:.0f}",
    "fewer than 1": "weniger als 1",
    "more than 99": "mehr als 99",
    "none": "keines",
    "What this means": "Was das heißt",
    "What this does not mean": "Was das nicht heißt",
    "How often this happens": "Wie oft das vorkommt",
    "What you can do next": "Was Sie jetzt tun können",
}

# The reasons -----------------------------------------------------------------------------------------------------------

_REASONS = {
    "Strong signs that the face was altered or generated (score {shown}, where {cut} and above is strong). This is an "
    "estimate, not proof: genuine faces reach this band too, though seldom.": "Starke Anzeichen dafür, dass das Gesicht "
    "verändert oder künstlich erzeugt wurde (Wert {shown}; ab {cut} gelten sie als stark). Das ist eine Schätzung und kein "
    "Beweis: Auch unverfälschte Gesichter erreichen diesen Bereich, wenn auch selten.",
    "Some signs that the face was altered or generated (score {shown}, where signs begin at {cut}). This is weak evidence and "
    "not conclusive: genuine faces reach this band too.": "Einige Anzeichen dafür, dass das Gesicht verändert oder künstlich "
    "erzeugt wurde (Wert {shown}; Anzeichen beginnen bei {cut}). Das ist ein schwacher Hinweis und nicht schlüssig: Auch "
    "unverfälschte Gesichter erreichen diesen Bereich.",
    "The score {shown} lies between {low} and {high}, where altered and genuine faces look alike to the model. It says nothing "
    "either way.": "Der Wert {shown} liegt zwischen {low} und {high}, wo veränderte und unverfälschte Gesichter für das Modell "
    "gleich aussehen. Er sagt nichts aus, weder so noch so.",
    "No clear signs of alteration (score {shown}, below {cut}). That does not show that the face is unaltered: some kinds of "
    "editing leave nothing the model can see.": "Keine klaren Anzeichen für eine Veränderung (Wert {shown}, unter {cut}). Das "
    "zeigt nicht, dass das Gesicht unverändert ist: Manche Bearbeitung hinterlässt nichts, was das Modell sehen kann.",
    "Some signs that the face was altered or generated (score {score}). Small changes that mean nothing to a person move the "
    "score between {low} and {high}, so the signs do not count as strong. This is weak evidence and not conclusive: genuine "
    "faces reach this band too.": "Einige Anzeichen dafür, dass das Gesicht verändert oder künstlich erzeugt wurde (Wert "
    "{score}). Kleine Änderungen, die für Menschen bedeutungslos sind, bewegen den Wert zwischen {low} und {high}; die "
    "Anzeichen gelten daher nicht als stark. Das ist ein schwacher Hinweis und nicht schlüssig: Auch unverfälschte Gesichter "
    "erreichen diesen Bereich.",
    "The score is high ({shown}), but the face is blurred (sharpness {seen}; from {limit} on it counts), and too many genuine "
    "faces that are as blurred score as high. It says nothing either way. Use a sharper picture.": "Der Wert ist hoch "
    "({shown}), aber das Gesicht ist unscharf (Schärfe {seen}; ab {limit} zählt der Wert), und zu viele unverfälschte "
    "Gesichter, die ebenso unscharf sind, erreichen so hohe Werte. Er sagt nichts aus, weder so noch so. Nehmen Sie ein "
    "schärferes Bild.",
    "The score {score} does not hold: small changes that mean nothing to a person move it between {low} and {high}, across a "
    "boundary between verdicts. It says nothing either way.": "Der Wert {score} ist nicht stabil: Kleine Änderungen, die für "
    "Menschen bedeutungslos sind, bewegen ihn zwischen {low} und {high}, über eine Grenze zwischen Urteilen hinweg. Er sagt "
    "nichts aus, weder so noch so.",
    "The face is too small: {shown} pixels across, and at least {limit} are needed. Use the original picture or one in which "
    "the face is larger.": "Das Gesicht ist zu klein: Es ist {shown} Bildpunkte breit, nötig sind mindestens {limit}. Nehmen "
    "Sie das Originalbild oder eines, auf dem das Gesicht größer ist.",
    "The face is too dark: its mean brightness is {shown} of 255, and at least {limit} is needed. Use a picture with more "
    "light on the face.": "Das Gesicht ist zu dunkel: Seine mittlere Helligkeit ist {shown} von 255, nötig sind mindestens "
    "{limit}. Nehmen Sie ein Bild mit mehr Licht auf dem Gesicht.",
    "The face is too bright: its mean brightness is {shown} of 255, and at most {limit} is allowed. Use a picture in which the "
    "face is not overexposed.": "Das Gesicht ist zu hell: Seine mittlere Helligkeit ist {shown} von 255, erlaubt sind "
    "höchstens {limit}. Nehmen Sie ein Bild, auf dem das Gesicht nicht überbelichtet ist.",
    "The face is too blurred: its sharpness is {shown}, and at least {limit} is needed. Use a sharper or less compressed "
    "picture.": "Das Gesicht ist zu unscharf: Seine Schärfe ist {shown}, nötig sind mindestens {limit}. Nehmen Sie ein "
    "schärferes oder weniger komprimiertes Bild.",
    "The face is turned too far away: its turn is {shown} (0 is frontal), and at most {limit} is allowed. Use a picture in "
    "which the face looks more towards the camera.": "Das Gesicht ist zu weit abgewandt: Seine Drehung ist {shown} (0 heißt "
    "von vorn), erlaubt sind höchstens {limit}. Nehmen Sie ein Bild, auf dem das Gesicht mehr zur Kamera blickt.",
    "The face could be scored in only {usable} of the {looked} frames looked at, and at least {least} are needed.": "Das "
    "Gesicht konnte nur in {usable} der {looked} betrachteten Bilder bewertet werden, nötig sind mindestens {least}.",
    "Most often: {obstacle}": "Am häufigsten: {obstacle}",
    "Use a longer clip, or one that shows the face larger and clearer.": "Nehmen Sie ein längeres Video oder eines, das das "
    "Gesicht größer und deutlicher zeigt.",
    "The face was seen in only {seen} of the {looked} frames looked at, too few for a verdict (score {score:.2f}). Cut out the "
    "part of the clip that shows this person and try again.": "Das Gesicht war nur in {seen} der {looked} betrachteten Bilder "
    "zu sehen, zu wenigen für ein Urteil (Wert {score:.2f}). Schneiden Sie den Teil des Videos heraus, der diese Person zeigt, "
    "und versuchen Sie es noch einmal.",
    "Two ways of looking disagree: the model that follows the face over time gives {score:.2f}, the mean over single frames "
    "{other:.2f}, and more than {limit:.2f} apart counts as no result.": "Zwei Arten der Prüfung widersprechen sich: Das "
    "Modell, das dem Gesicht über die Zeit folgt, gibt {score:.2f}, der Mittelwert über einzelne Bilder {other:.2f}; ein "
    "Abstand von mehr als {limit:.2f} gilt als kein Ergebnis.",
    "picture": "Bild",
    "clip": "Video",
    "No face was found in this {file}, so nothing was analysed.": "In diesem {file} wurde kein Gesicht gefunden, also wurde "
    "nichts geprüft.",
    "Nothing is said about whether the {file} was altered.": "Ob das {file} verändert wurde, bleibt offen.",
    "Use a {file} in which a face is larger, sharper or turned more towards the camera.": "Nehmen Sie ein {file}, in dem ein "
    "Gesicht größer, schärfer oder mehr der Kamera zugewandt ist.",
    "The one face found could not be analysed.": "Das einzige gefundene Gesicht konnte nicht geprüft werden.",
    "The one person found could not be analysed.": "Die einzige gefundene Person konnte nicht geprüft werden.",
    "None of the {count} faces found could be analysed.": "Keines der {count} gefundenen Gesichter konnte geprüft werden.",
    "None of the {count} people found could be analysed.": "Keine der {count} gefundenen Personen konnte geprüft werden.",
    "The first: {reason}": "Das erste: {reason}",
    "Face {number} of {count} weighs most and decides for the {file}.": "Gesicht {number} von {count} wiegt am schwersten und "
    "entscheidet für das {file}.",
    "Person {number} of {count} weighs most and decides for the {file}.": "Person {number} von {count} wiegt am schwersten und "
    "entscheidet für das {file}.",
    "1 of the {count} faces could not be analysed, and nothing is said about it.": "1 der {count} Gesichter konnte nicht "
    "geprüft werden; darüber wird nichts gesagt.",
    "1 of the {count} people could not be analysed, and nothing is said about it.": "1 der {count} Personen konnte nicht "
    "geprüft werden; darüber wird nichts gesagt.",
    "{skipped} of the {count} faces could not be analysed, and nothing is said about them.": "{skipped} der {count} Gesichter "
    "konnten nicht geprüft werden; darüber wird nichts gesagt.",
    "{skipped} of the {count} people could not be analysed, and nothing is said about them.": "{skipped} der {count} Personen "
    "konnten nicht geprüft werden; darüber wird nichts gesagt.",
}

# The cards of a result -------------------------------------------------------------------------------------------------

_CARDS = {
    "Face by face": "Gesicht für Gesicht",
    "Person by person": "Person für Person",
    "Face {number}": "Gesicht {number}",
    "Person {number}": "Person {number}",
    "1 face found, {analysed} analysed.": "1 Gesicht gefunden, {analysed} geprüft.",
    "{count} faces found, {analysed} analysed.": "{count} Gesichter gefunden, {analysed} geprüft.",
    "1 person found, {analysed} analysed.": "1 Person gefunden, {analysed} geprüft.",
    "{count} people found, {analysed} analysed.": "{count} Personen gefunden, {analysed} geprüft.",
    "Your video at {time}": "Ihr Video bei {time}",
    "{what} with 1 numbered face": "{what} mit 1 nummerierten Gesicht",
    "{what} with {count} numbered faces": "{what} mit {count} nummerierten Gesichtern",
    "{what}, {width} × {height} pixels.": "{what}, {width} × {height} Bildpunkte.",
    "{what}, {width} × {height} pixels; the numbers are those of the cards below.": "{what}, {width} × {height} Bildpunkte; "
    "die Nummern sind die der Karten darunter.",
    "Score": "Wert",
    "on a scale of 0 to 1": "auf einer Skala von 0 bis 1",
    "Score of {one}": "Wert von {one}",
    "{score} on a scale from 0 ({low}) to 1 ({high})": "{score} auf einer Skala von 0 ({low}) bis 1 ({high})",
    "looks like the genuine faces the models were shown": "ähnelt den unverfälschten Gesichtern, die die Modelle kennen",
    "looks like the altered or generated ones": "ähnelt den veränderten oder künstlich erzeugten",
    "Scores below {cut:.2f} read “{verdict}”": "Werte unter {cut:.2f} heißen „{verdict}“",
    "from {cut:.2f} “{verdict}”": "ab {cut:.2f} „{verdict}“",
    "A face with a sharpness below {limit:.0f} shows no signs, whatever its score: blurred genuine faces score high "
    "too.": "Bei einem Gesicht mit einer Schärfe unter {limit:.0f} gelten keine Anzeichen, wie hoch der Wert auch ist: Auch "
    "unscharfe unverfälschte Gesichter erreichen hohe Werte.",
    "The small marks on the scale stand at these scores.": "Die kleinen Striche auf der Skala stehen bei diesen Werten.",
    "Score of each model:": "Wert jedes Modells:",
    "(decides)": "(entscheidet)",
    "small network": "kleines Netz",
    "efficient network": "effizientes Netz",
    "residual network": "Residualnetz",
    "residual network with a memory over time": "Residualnetz mit Gedächtnis über die Zeit",
    "About this face: {size:.0f} pixels across, {pose}, brightness {brightness:.0f} of 255, sharpness {sharpness:.0f}.": "Zu "
    "diesem Gesicht: {size:.0f} Bildpunkte breit, {pose}, Helligkeit {brightness:.0f} von 255, Schärfe {sharpness:.0f}.",
    "facing the camera": "zur Kamera gewandt",
    "turned a little to the side": "leicht zur Seite gedreht",
    "turned far to the side": "weit zur Seite gedreht",
    "{pose}, tilted by {tilt}°": "{pose}, um {tilt}° geneigt",
    "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with a brightness from "
    "{low:.0f} to {high:.0f} and a sharpness of at least {sharp:.0f}.": "Ein Gesicht wird geprüft, wenn es mindestens "
    "{size:.0f} Bildpunkte breit und nicht zu weit abgewandt ist, bei einer Helligkeit von {low:.0f} bis {high:.0f} und einer "
    "Schärfe von mindestens {sharp:.0f}.",
    "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with a brightness from "
    "{low:.0f} to {high:.0f}.": "Ein Gesicht wird geprüft, wenn es mindestens {size:.0f} Bildpunkte breit und nicht zu weit "
    "abgewandt ist, bei einer Helligkeit von {low:.0f} bis {high:.0f}.",
    "Crop that was scored": "Bewerteter Ausschnitt",
    "Crop, not scored": "Ausschnitt, nicht bewertet",
    "Raised the score": "Hob den Wert",
    "Lowered the score": "Senkte den Wert",
    "no place stood out": "keine Stelle fiel auf",
    "strongest place: {share} % of full colour": "stärkste Stelle: {share} % der vollen Farbe",
    "The colour shows where the model looked, not where the {medium} was edited.": "Die Farbe zeigt, wohin das Modell geschaut "
    "hat, nicht, wo das {medium} bearbeitet wurde.",
    "How to read this": "So lesen Sie das",
    "weak": "schwach",
    "strong": "stark",
    "Colour scale of the heatmaps, from weak on the left to strong on the right": "Farbskala der Karten, von schwach links bis "
    "stark rechts",
    "“Crop that was scored”: exactly the pixels the model was given, nothing else.": "„Bewerteter Ausschnitt“: genau die "
    "Bildpunkte, die das Modell bekommen hat, sonst nichts.",
    "“Raised the score”: places that pushed the score up, towards altered or generated faces.": "„Hob den Wert“: Stellen, die "
    "den Wert nach oben schoben, hin zu veränderten oder künstlich erzeugten Gesichtern.",
    "“Lowered the score”: places that pushed it down, towards genuine faces.": "„Senkte den Wert“: Stellen, die ihn nach unten "
    "schoben, hin zu unverfälschten Gesichtern.",
    "The colour scale is fixed and the same for every {medium}. Faint colour means weak evidence; no colour means none.": "Die "
    "Farbskala ist fest und für jedes {medium} gleich. Blasse Farbe heißt schwacher Hinweis, keine Farbe heißt keiner.",
    "The maps are coarse and can point at a place for the wrong reason. They say something about the model only.": "Die Karten "
    "sind grob und können aus dem falschen Grund auf eine Stelle zeigen. Sie sagen nur etwas über das Modell.",
    "A score of a person is made over all frames; a single frame can score much higher or lower by chance.": "Der Wert einer "
    "Person entsteht aus allen Bildern; ein einzelnes kann zufällig viel höher oder niedriger liegen.",
    "The lines across the timeline are the cuts between verdicts for a single frame.": "Die Linien quer über den Zeitverlauf "
    "sind die Grenzen zwischen den Urteilen für ein einzelnes Bild.",
    "The score of each frame that was looked at, by its time in the video. Rings mark the highest; hatching, when the face was "
    "not found.": "Der Wert jedes betrachteten Bildes nach seiner Zeit im Video. Ringe markieren die höchsten; schraffiert ist, "
    "wann das Gesicht nicht gefunden wurde.",
    "Scores of {one} over the time of the video: from {low} to {high}": "Werte von {one} über die Zeit des Videos: von {low} "
    "bis {high}",
    "Scores of {one} over the time of the video: none could be made": "Werte von {one} über die Zeit des Videos: Es gab keine",
    "The frames with the highest scores:": "Die Bilder mit den höchsten Werten:",
    "at {time}, score {score}": "bei {time}, Wert {score}",
    "Seen from {first} to {last}, in {seen} of the {frames} frames looked at; {scored} could be scored.": "Zu sehen von "
    "{first} bis {last}, in {seen} der {frames} betrachteten Bilder; {scored} konnten bewertet werden.",
    "Out of sight once in between.": "Dazwischen einmal nicht zu sehen.",
    "Out of sight {count} times in between.": "Dazwischen {count}-mal nicht zu sehen.",
    "Strength of the colour": "Stärke der Farbe",
    "as it is": "unverändert",
    "mirrored": "gespiegelt",
    "saved again as JPEG": "noch einmal als JPEG gespeichert",
    "at half the size": "auf die halbe Größe verkleinert",
    "cropped slightly differently": "etwas anders ausgeschnitten",
    "Score after each change": "Wert nach jeder Änderung",
    "{view}: {score}": "{view}: {score}",
    "the eyes": "die Augen",
    "the nose": "die Nase",
    "the mouth": "der Mund",
    "the cheek on the left": "die Wange links",
    "the cheek on the right": "die Wange rechts",
    "the forehead": "die Stirn",
    "the chin": "das Kinn",
    "the outline of the face": "der Umriss des Gesichts",
    "what surrounds the face": "die Umgebung des Gesichts",
    "The score holds: small changes that mean nothing to a person move it between {low} and {high}, and the verdict stays the "
    "same.": "Der Wert ist stabil: Kleine Änderungen, die für Menschen bedeutungslos sind, bewegen ihn zwischen {low} und "
    "{high}, und das Urteil bleibt gleich.",
    "The score does not hold: small changes that mean nothing to a person move it between {low} and {high}, and the verdict "
    "changes with it.": "Der Wert ist nicht stabil: Kleine Änderungen, die für Menschen bedeutungslos sind, bewegen ihn "
    "zwischen {low} und {high}, und das Urteil wechselt mit.",
    "Estimated from a few frames.": "Geschätzt aus wenigen Bildern.",
    "What mattered most here: {region}. With it blurred out, the score goes from {before} to {hidden}; with any of {count} "
    "random places of the same size blurred out, to {chance} at most.": "Was hier am meisten zählte: {region}. Macht man das "
    "unkenntlich, geht der Wert von {before} auf {hidden}; bei {count} zufälligen gleich großen Stellen höchstens auf {chance}.",
    "No part of the face can be named. With the most strongly coloured part blurred out, the score goes from {before} to "
    "{hidden}; with a random place of the same size blurred out, it goes as far as {chance}.": "Kein Teil des Gesichts lässt "
    "sich nennen. Macht man den am stärksten gefärbten Teil unkenntlich, geht der Wert von {before} auf {hidden}; bei einer "
    "zufälligen gleich großen Stelle geht er bis {chance}.",
    "A part of the face is named only if blurring it out changes the score clearly more than blurring out random places.": "Ein "
    "Teil des Gesichts wird nur genannt, wenn der Wert sich deutlich stärker ändert, sobald man ihn unkenntlich macht, als bei "
    "zufälligen Stellen.",
    "The bar on the scale spans the scores after small changes: saved again, half the size, mirrored, cropped differently.": "Der "
    "Balken auf der Skala umfasst die Werte nach kleinen Änderungen: neu gespeichert, halbe Größe, gespiegelt, anders "
    "ausgeschnitten.",
    "Limits of this result": "Grenzen dieses Ergebnisses",
    "Facts for repeating this result": "Angaben, um dieses Ergebnis zu wiederholen",
    "File": "Datei",
    "SHA-256 of the file": "SHA-256 der Datei",
    "Model that decides": "Modell, das entscheidet",
    "SHA-256 of its weights": "SHA-256 seiner Gewichte",
    "Versions": "Versionen",
    "{name}, {format}, {bytes} bytes, {width} × {height} pixels": "{name}, {format}, {bytes} Byte, {width} × {height} "
    "Bildpunkte",
    "{name} ({architecture}), revision {revision}": "{name} ({architecture}), Revision {revision}",
    "{time} long": "{time} lang",
    "{rate} frames a second": "{rate} Bilder pro Sekunde",
    "{codec}; {sampled} of {all} frames were looked at": "{codec}; {sampled} von {all} Bildern wurden betrachtet",
    "{count} could not be decoded": "{count} ließen sich nicht dekodieren",
}

# Limits and notes ------------------------------------------------------------------------------------------------------

_LIMITS = {
    "A score is an estimate by a statistical model, not evidence; do not use it to accuse a person.": "Ein Wert ist die "
    "Schätzung eines statistischen Modells und kein Beweis; beschuldigen Sie damit niemanden.",
    "A low score does not show that a picture is unaltered: new methods may leave no trace that the models know.": "Ein "
    "niedriger Wert zeigt nicht, dass ein Bild unverändert ist: Neue Verfahren hinterlassen womöglich keine Spur, die die "
    "Modelle kennen.",
    "Only faces are looked at; bodies, backgrounds, text and sound are not.": "Betrachtet werden nur Gesichter; Körper, "
    "Hintergrund, Text und Ton nicht.",
    "Of several faces the highest score decides, so a crowd is flagged by chance more often than a portrait.": "Bei mehreren "
    "Gesichtern entscheidet der höchste Wert; eine Menschenmenge fällt daher zufällig öfter auf als ein Porträt.",
    "The error rates given with the models were measured on test pictures; on your own they are likely to be worse.": "Die "
    "angegebenen Fehlerraten wurden an Testbildern gemessen; bei Ihren eigenen sind sie wahrscheinlich schlechter.",
    "Heavy compression, resizing, filters and screenshots change scores in both directions.": "Starke Kompression, "
    "Größenänderung, Filter und Bildschirmfotos verändern Werte in beide Richtungen.",
    "Of a clip only some frames are looked at; what happens between them is not seen.": "Von einem Video werden nur einige "
    "Bilder betrachtet; was dazwischen geschieht, bleibt ungesehen.",
    "People are told apart by place and looks within the clip; two may be taken for one, or one for two.": "Personen werden "
    "nach Ort und Aussehen im Video unterschieden; zwei können für eine gehalten werden oder eine für zwei.",
    "A score over a whole clip is a mean: an alteration of a short part can be lost in it, so look at the times as well.": "Der "
    "Wert über ein ganzes Video ist ein Mittelwert: Eine kurze Veränderung kann darin untergehen; sehen Sie sich deshalb auch "
    "den Zeitverlauf an.",
    "1 face was seen in a single frame only and left out, as a passer-by or a false find.": "1 Gesicht war nur in einem "
    "einzigen Bild zu sehen und wurde als Passant oder Fehlfund weggelassen.",
    "{count} faces were seen in a single frame only and left out, as passers-by or false finds.": "{count} Gesichter waren nur "
    "in einem einzigen Bild zu sehen und wurden als Passanten oder Fehlfunde weggelassen.",
    "Some frames show more than {most} faces; the largest {most} of each were followed.": "Manche Bilder zeigen mehr als "
    "{most} Gesichter; verfolgt wurden jeweils die {most} größten.",
    "Only the still picture was read, not the animation of {frames} frames beside it.": "Gelesen wurde nur das stehende Bild, "
    "nicht die Animation aus {frames} Bildern daneben.",
    "Only the main one of {frames} pictures in the file was read.": "Von {frames} Bildern in der Datei wurde nur das "
    "Hauptbild gelesen.",
    "Only the first of {frames} frames was read.": "Von {frames} Bildern wurde nur das erste gelesen.",
    "Only the first of {frames} pages was read.": "Von {frames} Seiten wurde nur die erste gelesen.",
    "The picture is HDR and was read without tone mapping, so its brightness and colours are off.": "Das Bild ist in HDR und "
    "wurde ohne Tonwertanpassung gelesen; Helligkeit und Farben stimmen daher nicht genau.",
    "The clip is HDR and was read without tone mapping, so brightness and colours are off.": "Das Video ist in HDR und wurde "
    "ohne Tonwertanpassung gelesen; Helligkeit und Farben stimmen daher nicht genau.",
    "The EXIF data are damaged, so a stored orientation could not be applied.": "Die EXIF-Daten sind beschädigt; eine darin "
    "gespeicherte Drehung konnte nicht angewendet werden.",
    "The embedded colour profile is damaged or does not fit, so colours may be slightly off.": "Das eingebettete Farbprofil "
    "ist beschädigt oder passt nicht; Farben können leicht abweichen.",
    "The picture has print colours (CMYK) without a profile, so its colours are approximate.": "Das Bild hat Druckfarben "
    "(CMYK) ohne Profil; seine Farben stimmen nur ungefähr.",
    "The whole picture is marked as transparent; this was ignored.": "Das ganze Bild ist als durchsichtig gekennzeichnet; das "
    "wurde nicht beachtet.",
    "Transparent parts were filled with white.": "Durchsichtige Teile wurden mit Weiß gefüllt.",
    "The file carries no time stamps, so times were counted from the number of frames.": "Die Datei enthält keine Zeitstempel; "
    "die Zeiten wurden aus der Zahl der Bilder berechnet.",
    "The file announces {announced:.0f} seconds, but holds pictures for {held:.0f}: it may have been cut short.": "Die Datei "
    "kündigt {announced:.0f} Sekunden an, enthält aber Bilder für {held:.0f}: Vielleicht wurde sie abgeschnitten.",
    "{count} frames of another size than the first were left out.": "{count} Bilder von anderer Größe als das erste wurden "
    "weggelassen.",
    "{lost} of {all} frames on the way could not be decoded, so the clip is damaged in part; they were left out.": "{lost} von "
    "{all} Bildern auf dem Weg ließen sich nicht dekodieren, das Video ist also teilweise beschädigt; sie wurden weggelassen.",
}

# Files that cannot be read ---------------------------------------------------------------------------------------------

_ERRORS = {
    "JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF and HEIC": "JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF und HEIC",
    "This is not a picture file that is read here ({formats}). Save it as JPEG or PNG.": "Das ist keine Bilddatei, die hier "
    "gelesen wird ({formats}). Speichern Sie sie als JPEG oder PNG.",
    "This is not a video that is read here (MP4, MOV, MKV, WebM, AVI, MPEG or GIF). {cure}": "Das ist kein Video, das hier "
    "gelesen wird (MP4, MOV, MKV, WebM, AVI, MPEG oder GIF). {cure}",
    "This looks like {what}, which is not read here. {cure}": "Diese Datei ist offenbar {what} und wird hier nicht gelesen. "
    "{cure}",
    "This looks like a camera raw file, of which only a small preview could be read. Export it as JPEG or TIFF and try "
    "again.": "Das ist offenbar eine Kamera-Rohdatei, von der nur eine kleine Vorschau gelesen werden könnte. Exportieren Sie "
    "sie als JPEG oder TIFF und versuchen Sie es noch einmal.",
    "This picture stores signed or 32-bit numbers, which have no fixed white. Save it with 8 or 16 bits per sample and try "
    "again.": "Dieses Bild speichert Zahlen mit Vorzeichen oder 32 Bit, für die es kein festes Weiß gibt. Speichern Sie es mit "
    "8 oder 16 Bit je Farbwert und versuchen Sie es noch einmal.",
    "This {kind} file is damaged or incomplete ({detail}), so it was not read. Copy or download it again, or export it anew "
    "from the original.": "Diese {kind}-Datei ist beschädigt oder unvollständig ({detail}) und wurde daher nicht gelesen. "
    "Kopieren oder laden Sie sie noch einmal oder exportieren Sie sie neu aus dem Original.",
    "This {kind} file holds no frame: it is cut short or empty. Copy or download it again.": "Diese {kind}-Datei enthält kein "
    "Bild: Sie ist abgeschnitten oder leer. Kopieren oder laden Sie sie noch einmal.",
    "No frame of this {kind} file could be decoded, so it is damaged or uses a rare coding. Copy or download it again. "
    "{cure}": "Kein Bild dieser {kind}-Datei ließ sich dekodieren; sie ist beschädigt oder benutzt eine seltene Kodierung. "
    "Kopieren oder laden Sie sie noch einmal. {cure}",
    "No video that can be decoded was found in this file. {cure}": "In dieser Datei wurde kein Video gefunden, das sich "
    "dekodieren lässt. {cure}",
    "This file holds sound without moving pictures, and only faces are analysed. Give a photo or a video.": "Diese Datei "
    "enthält Ton ohne bewegte Bilder, und geprüft werden nur Gesichter. Nehmen Sie ein Foto oder ein Video.",
    "The picture has {width} x {height} pixels; at most {most} megapixels and {side} pixels a side are read. Save a smaller "
    "copy and try again.": "Das Bild hat {width} x {height} Bildpunkte; gelesen werden höchstens {most} Megapixel und {side} "
    "Bildpunkte je Seite. Speichern Sie eine kleinere Kopie und versuchen Sie es noch einmal.",
    "The picture has more than {most} megapixels. Save a smaller copy and try again.": "Das Bild hat mehr als {most} "
    "Megapixel. Speichern Sie eine kleinere Kopie und versuchen Sie es noch einmal.",
    "The picture has only {width} x {height} pixels; at least {least} a side are needed. Give a larger version of it.": "Das "
    "Bild hat nur {width} x {height} Bildpunkte; nötig sind mindestens {least} je Seite. Nehmen Sie eine größere Fassung.",
    "Reading this picture needs more memory than there is. Save a smaller copy.": "Um dieses Bild zu lesen, reicht der "
    "Speicher nicht. Speichern Sie eine kleinere Kopie.",
    "The clip has {width} x {height} pixels; at most {most} a side are read. Save it at a lower resolution, for example "
    "1920 x 1080, and try again.": "Das Video hat {width} x {height} Bildpunkte; gelesen werden höchstens {most} je Seite. "
    "Speichern Sie es in geringerer Auflösung, zum Beispiel 1920 x 1080, und versuchen Sie es noch einmal.",
    "The clip has only {width} x {height} pixels; at least {least} a side are needed. Give a larger version of it.": "Das "
    "Video hat nur {width} x {height} Bildpunkte; nötig sind mindestens {least} je Seite. Nehmen Sie eine größere Fassung.",
    "The clip has more than {most} frames. {cure}": "Das Video hat mehr als {most} Bilder. {cure}",
    "The clip is {hours:.1f} hours long; at most {most:.0f} are read. {cure}": "Das Video ist {hours:.1f} Stunden lang; "
    "gelesen werden höchstens {most:.0f}. {cure}",
    "The file has {size:.0f} MB; at most {most} MB are read. {cure}": "Die Datei hat {size:.0f} MB; gelesen werden höchstens "
    "{most} MB. {cure}",
    "The file is empty: copy or download it again.": "Die Datei ist leer: Kopieren oder laden Sie sie noch einmal.",
    "The file holds nothing but zeros, so the copy failed: copy or download it again.": "Die Datei enthält nur Nullen, die "
    "Kopie ist also misslungen: Kopieren oder laden Sie sie noch einmal.",
    "The file cannot be read ({reason}): copy it again.": "Die Datei lässt sich nicht lesen ({reason}): Kopieren Sie sie noch "
    "einmal.",
    "The file cannot be opened ({reason}): check the path and the permissions.": "Die Datei lässt sich nicht öffnen "
    "({reason}): Prüfen Sie Pfad und Zugriffsrechte.",
    "The file cannot be opened: its path is not valid.": "Die Datei lässt sich nicht öffnen: Ihr Pfad ist ungültig.",
    "This is not a file: give the path of {what}.": "Das ist keine Datei: Geben Sie den Pfad zu {what} an.",
    "a picture": "einem Bild",
    "a video": "einem Video",
    "Save it smaller, for example as JPEG, and try again.": "Speichern Sie sie kleiner, zum Beispiel als JPEG, und versuchen "
    "Sie es noch einmal.",
    "Save it as JPEG or PNG and try again.": "Speichern Sie sie als JPEG oder PNG und versuchen Sie es noch einmal.",
    "Save it as MP4 (H.264) and try again.": "Speichern Sie es als MP4 (H.264) und versuchen Sie es noch einmal.",
    "Save the picture in it as JPEG or PNG and try again.": "Speichern Sie das Bild darin als JPEG oder PNG und versuchen Sie "
    "es noch einmal.",
    "Save the picture itself and try again.": "Speichern Sie das Bild selbst und versuchen Sie es noch einmal.",
    "Export it as JPEG or TIFF and try again.": "Exportieren Sie sie als JPEG oder TIFF und versuchen Sie es noch einmal.",
    "Only still pictures are read here: save one picture of it as JPEG or PNG.": "Hier werden nur stehende Bilder gelesen: "
    "Speichern Sie ein Bild daraus als JPEG oder PNG.",
    "Unpack it and give the picture inside.": "Entpacken Sie die Datei und nehmen Sie das Bild darin.",
    "Give a photo, for example a JPEG or PNG file.": "Nehmen Sie ein Foto, zum Beispiel eine JPEG- oder PNG-Datei.",
    "Give the video itself.": "Nehmen Sie das Video selbst.",
    "Fetch it with: git lfs pull": "Holen Sie es mit: git lfs pull",
    "Cut out the part that matters, or save it at a lower resolution.": "Schneiden Sie den wichtigen Teil heraus oder "
    "speichern Sie es in geringerer Auflösung.",
    "a PDF document": "ein PDF-Dokument",
    "a PostScript (EPS) drawing": "eine PostScript-Zeichnung (EPS)",
    "a JPEG 2000 picture": "ein JPEG-2000-Bild",
    "a JPEG XL picture": "ein JPEG-XL-Bild",
    "a Photoshop document": "ein Photoshop-Dokument",
    "a Windows icon": "ein Windows-Symbol",
    "a Windows cursor": "ein Windows-Mauszeiger",
    "a Windows program": "ein Windows-Programm",
    "a Windows Media file": "eine Windows-Media-Datei",
    "an MNG animation": "eine MNG-Animation",
    "a camera raw file": "eine Kamera-Rohdatei",
    "a Matroska or WebM video": "ein Matroska- oder WebM-Video",
    "an AVI video": "ein AVI-Video",
    "an MPEG video": "ein MPEG-Video",
    "an MPEG transport stream": "ein MPEG-Transportstrom",
    "an MP4 or QuickTime video": "ein MP4- oder QuickTime-Video",
    "a Flash video": "ein Flash-Video",
    "an Ogg video or sound file": "ein Ogg-Video oder eine Ogg-Tondatei",
    "a sound recording": "eine Tonaufnahme",
    "a ZIP archive or an office document": "ein ZIP-Archiv oder ein Office-Dokument",
    "a RAR archive": "ein RAR-Archiv",
    "a 7z archive": "ein 7z-Archiv",
    "a gzip archive": "ein gzip-Archiv",
    "a program": "ein Programm",
    "an HDF5 data file": "eine HDF5-Datendatei",
    "a playlist, which only names other files": "eine Wiedergabeliste, die nur andere Dateien nennt,",
    "a Git LFS pointer, not the picture itself": "ein Git-LFS-Verweis, nicht das Bild selbst,",
    "an SVG drawing": "eine SVG-Zeichnung",
    "an XML document": "ein XML-Dokument",
    "a text file": "eine Textdatei",
    "a web page, as is often saved in place of a picture": "eine Webseite, wie sie oft statt eines Bildes gespeichert wird,",
    "it ends too early": "sie endet zu früh",
    "it holds no picture": "sie enthält kein Bild",
    "its end was never written and holds only zeros": "ihr Ende wurde nie geschrieben und enthält nur Nullen",
    "its blocks do not follow each other as they should": "ihre Blöcke folgen nicht so aufeinander, wie sie sollten",
    "its contents do not decode, or use a rare variant of the format": "ihr Inhalt lässt sich nicht dekodieren oder benutzt "
    "eine seltene Variante des Formats",
    "its table of contents cannot be read": "ihr Inhaltsverzeichnis ist nicht lesbar",
    "a checksum does not match": "eine Prüfsumme stimmt nicht",
    "part of the picture is missing or garbled": "ein Teil des Bildes fehlt oder ist zerstört",
    "There is no image model named {name!r}; choose one of: {known}.": "Es gibt kein Bildmodell namens {name!r}; wählen Sie "
    "eines von: {known}.",
    "There is no model named {name!r} that decides about clips; choose one of: {known}.": "Es gibt kein Modell namens "
    "{name!r}, das über Videos entscheidet; wählen Sie eines von: {known}.",
    "none, the manifest has no rule for any": "keines, das Manifest hat für keines eine Regel",
    'The manifest has no section "clips", so its weights are for pictures only; use the weights folder of a release that reads '
    "videos.": "Das Manifest hat keinen Abschnitt „clips“, seine Gewichte sind also nur für Bilder; nehmen Sie den "
    "Gewichte-Ordner einer Version, die Videos liest.",
    "Only a video can be annotated as a video, and this is a picture; leave --annotated out.": "Nur ein Video kann als Video "
    "markiert werden, und das ist ein Bild; lassen Sie --annotated weg.",
    "Only clips of up to {most:.0f} minutes are annotated; cut out the part that matters.": "Markiert werden nur Videos bis "
    "{most:.0f} Minuten; schneiden Sie den wichtigen Teil heraus.",
    "The analysis was stopped.": "Die Prüfung wurde abgebrochen.",
    "This detector was closed; load another one.": "Dieser Detektor wurde geschlossen; laden Sie einen anderen.",
}

# About, and results that were wrong ------------------------------------------------------------------------------------

_ABOUT = {
    # Short, so that a phone has room for all tabs.
    "About": "Info",
    "How a face is checked": "So wird ein Gesicht geprüft",
    "Faces are found and cut out. Faces that are too small, dark, blurred or turned away are not judged.": "Gesichter werden "
    "gesucht und ausgeschnitten. Zu kleine, dunkle, unscharfe oder abgewandte werden nicht beurteilt.",
    "Networks that have seen many genuine, altered and generated faces give each face a score. One decides.": "Netze, die viele "
    "unverfälschte, veränderte und künstlich erzeugte Gesichter gesehen haben, geben jedem Gesicht einen Wert. Eines "
    "entscheidet.",
    "The face is scored again after small changes: saved again, half the size, mirrored, cropped differently. If the verdict "
    "changes with them, the result is inconclusive.": "Das Gesicht wird nach kleinen Änderungen noch einmal bewertet: neu "
    "gespeichert, halbe Größe, gespiegelt, anders ausgeschnitten. Wechselt dabei das Urteil, gibt es kein eindeutiges Ergebnis.",
    "A map shows where the deciding network found its evidence. A part of the face is named only if blurring it out changes "
    "the score clearly more than blurring out random places.": "Eine Karte zeigt, wo das entscheidende Netz seine Hinweise "
    "fand. Ein Teil des Gesichts wird nur genannt, wenn der Wert sich deutlich stärker ändert, sobald man ihn unkenntlich "
    "macht, als bei zufälligen Stellen.",
    "Of a video, frames spread over its whole length are checked in the same way, person by person.": "Von einem Video werden "
    "über die ganze Länge verteilte Bilder auf dieselbe Weise geprüft, Person für Person.",
    "How often the verdicts are wrong": "Wie oft die Urteile falsch sind",
    "Verdict": "Urteil",
    "of 100 genuine faces": "von 100 unverfälschten Gesichtern",
    "of 100 altered or generated faces": "von 100 veränderten oder künstlich erzeugten Gesichtern",
    "Where the test faces come from matters": "Woher die Testgesichter stammen, macht einen Unterschied",
    "Test faces": "Testgesichter",
    "genuine, wrongly said to show signs": "unverfälscht, zu Unrecht mit Anzeichen",
    "altered, rightly said to show signs": "verändert, zu Recht mit Anzeichen",
    "After saving, shrinking or blurring": "Nach Speichern, Verkleinern oder Weichzeichnen",
    "saved as a poor JPEG": "als schlechtes JPEG gespeichert",
    "shrunk to half the size": "auf die halbe Größe verkleinert",
    "blurred": "weichgezeichnet",
    "with noise": "mit Rauschen",
    "compressed like a poor web video": "komprimiert wie ein schlechtes Video aus dem Netz",
    "Swapped faces in amateur videos of paid actors (DFDC)": "Getauschte Gesichter in Laienvideos bezahlter Darsteller (DFDC)",
    "Swapped and re-enacted faces in web videos (FaceForensics++)": "Getauschte und nachgestellte Gesichter in Videos aus dem "
    "Netz (FaceForensics++)",
    "Portraits from the web and faces made by StyleGAN 1 and 2": "Porträts aus dem Netz und mit StyleGAN 1 und 2 erzeugte "
    "Gesichter",
    "Photographed portraits and faces made by StyleGAN 2": "Fotografierte Porträts und mit StyleGAN 2 erzeugte Gesichter",
    "Genuine press photos (LFW)": "Unverfälschte Pressefotos (LFW)",
    "Genuine faces of all ages (UTKFace)": "Unverfälschte Gesichter jeden Alters (UTKFace)",
    "Genuine faces from web videos (YouTube Faces)": "Unverfälschte Gesichter aus Videos im Netz (YouTube Faces)",
    "Genuine studio portraits (Face Research Lab London)": "Unverfälschte Studioporträts (Face Research Lab London)",
    "Genuine photos from the web": "Unverfälschte Fotos aus dem Netz",
    "The networks": "Die Netze",
    "Network": "Netz",
    "of 100 pairs of a genuine and an altered face, ranked rightly (50 is guessing)": "von 100 Paaren aus einem unverfälschten "
    "und einem veränderten Gesicht richtig gereiht (50 ist geraten)",
    "The measurements that came with the networks were not found on this computer.": "Die Messungen zu den Netzen wurden auf "
    "diesem Computer nicht gefunden.",
    "What fails": "Was nicht gelingt",
    "Of 100 altered or generated test faces, {count:.0f} are not flagged. “No clear signs” is never an all-clear.": "Von "
    "100 veränderten oder künstlich erzeugten Testgesichtern bleiben {count:.0f} ohne Anzeichen. „Keine klaren Anzeichen“ ist "
    "nie eine Entwarnung.",
    "Faces made by newer generators than StyleGAN 1 and 2 were never seen; do not expect them to be found.": "Gesichter aus "
    "neueren Generatoren als StyleGAN 1 und 2 haben die Netze nie gesehen; rechnen Sie nicht damit, dass sie gefunden werden.",
    "Strong compression, screenshots and shrinking wash out traces and can also imitate them.": "Starke Kompression, "
    "Bildschirmfotos und Verkleinern verwischen Spuren und können sie auch vortäuschen.",
    "Filters, heavy make-up and retouching can look like manipulation.": "Filter, starke Schminke und Retusche können wie "
    "Manipulation aussehen.",
    "In strongly compressed videos the networks are weak.": "Bei stark komprimierten Videos sind die Netze schwach.",
    "Voices, bodies, backgrounds and captions are not checked at all.": "Stimmen, Körper, Hintergründe und Bildtexte werden gar "
    "nicht geprüft.",
    "The test faces come from the same collections as the training faces; elsewhere errors are likely more frequent.": "Die "
    "Testgesichter stammen aus denselben Sammlungen wie die Gesichter, mit denen die Netze gelernt haben; anderswo sind Fehler "
    "wahrscheinlich häufiger.",
    "The measurements as pictures": "Die Messungen in Bildern",
    "How many genuine and altered test faces got each verdict.": "Wie viele unverfälschte und veränderte Testgesichter welches "
    "Urteil bekamen.",
    "Whether a score means what it says: on the diagonal, of faces with a score of 0.8, 80 of 100 are altered.": "Ob ein Wert "
    "hält, was er sagt: Auf der Diagonale sind von den Gesichtern mit dem Wert 0,8 genau 80 von 100 verändert.",
    "How many altered faces are found for how many false alarms; the further up and left a curve, the better.": "Wie viele "
    "veränderte Gesichter um den Preis wie vieler Fehlalarme gefunden werden; je weiter oben links eine Kurve, desto besser.",
    "How the networks improved while they learned.": "Wie die Netze beim Lernen besser wurden.",
    "What happens to your file": "Was mit Ihrer Datei geschieht",
    "It is analysed on the computer that runs this page, and sent nowhere else.": "Sie wird auf dem Computer geprüft, auf dem "
    "diese Seite läuft, und nirgendwohin sonst gesendet.",
    "It and its result are deleted there within minutes; neither is used for training.": "Sie und ihr Ergebnis werden dort nach "
    "wenigen Minuten gelöscht; mit beiden wird nichts trainiert.",
    "If you report that a result was wrong, scores and verdicts are stored only with your consent, and never a face.": "Wenn Sie "
    "ein falsches Ergebnis melden, werden Werte und Urteile nur mit Ihrer Einwilligung gespeichert, und nie ein Gesicht.",
    "The whole model card (in English, for specialists)": "Die ganze Modellkarte (auf Englisch, für Fachleute)",
    "Measured on {genuine} genuine and {fake} altered or generated faces that the networks had not seen ({date}).": "Gemessen an "
    "{genuine} unverfälschten und {fake} veränderten oder künstlich erzeugten Gesichtern, die die Netze nicht kannten ({date}).",
    "fewer than 1 of 100": "weniger als 1 von 100",
    "more than 99 of 100": "mehr als 99 von 100",
    "{count:.0f} of 100": "{count:.0f} von 100",
    "This was wrong": "Das war falsch",
    "Close without storing anything": "Schließen, ohne etwas zu speichern",
    "What do you know about it?": "Was wissen Sie darüber?",
    "It is unaltered": "Die Aufnahme ist unverändert",
    "It is altered or generated": "Die Aufnahme ist verändert oder künstlich erzeugt",
    "I do not know, but the result seems wrong": "Ich weiß es nicht, aber das Ergebnis scheint falsch",
    "This is all that would be stored. No picture, no file name, nothing about you:": "Das ist alles, was gespeichert würde. "
    "Kein Bild, kein Dateiname, nichts über Sie:",
    "I agree that this text is stored on the computer that runs this page, to find out where the check fails.": "Ich willige "
    "ein, dass dieser Text auf dem Computer gespeichert wird, auf dem diese Seite läuft, um herauszufinden, wo die Prüfung "
    "versagt.",
    "Store this text": "Diesen Text speichern",
    "Stored. Thank you.": "Gespeichert. Danke.",
    "Nothing was stored: tick the consent above first.": "Nichts wurde gespeichert: Setzen Sie zuerst oben das Häkchen für Ihre "
    "Einwilligung.",
    "Nothing is stored here. You can copy this text and send it to whoever runs this page.": "Hier wird nichts gespeichert. Sie "
    "können diesen Text kopieren und an die Betreiber dieser Seite senden.",
}

GERMAN: Mapping[str, str] = MappingProxyType(
    {**_PAGE, **_VERDICTS, **_REASONS, **_CARDS, **_LIMITS, **_ERRORS, **_ABOUT, **SHARING, **SERVER}
)
