"""German for what the server and Gradio's own script say. Part of ``german``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.words import gradio_texts as words_gradio
from detector.words import server as words

__all__ = ["SERVER"]

SERVER: Mapping[str, str] = MappingProxyType(
    {
        words.BUSY: "Im Moment benutzen zu viele Menschen diese Seite. Bitte versuchen Sie es in einer Minute noch einmal; "
        "Ihre Datei wurde nicht geprüft.",
        words.TOO_MANY: "Von Ihrem Anschluss kamen innerhalb einer Minute zu viele Dateien. Bitte warten Sie eine Minute und "
        "versuchen Sie es dann noch einmal.",
        words.NO_ROOM: "Im Moment ist kein Platz für eine weitere Datei. Hochgeladenes wird nach wenigen Minuten gelöscht: "
        "bitte versuchen Sie es dann noch einmal.",
        words.UPLOAD_TOO_LARGE: "Diese Datei ist zu groß: höchstens 200 MB werden angenommen. Schneiden Sie den wichtigen Teil "
        "heraus, oder speichern Sie eine kleinere Kopie.",
        words.UPLOAD_TOO_SLOW: "Das Hochladen dauerte zu lange und wurde beendet. Versuchen Sie es mit einer besseren "
        "Verbindung oder mit einer kleineren Kopie noch einmal.",
        words.UNKNOWN_HOST: "Unter diesem Namen antwortet diese Seite nicht; wer sie betreibt, kann ihn "
        "mit --allow-host zulassen.",
        words.OTHER_SITE: "Eine andere Seite darf diese nicht in Ihrem Namen benutzen. Öffnen Sie die Seite selbst.",
        words.NO_SUCH_PAGE: "Diese Seite gibt es nicht.",
        words.BROKE_OFF: "Die Prüfung scheiterte, bevor sie fertig war: das Programm, das die Datei liest, brach ab. Bitte "
        "versuchen Sie es noch einmal. Scheitert es wieder, speichern Sie die Datei neu, zum Beispiel als JPEG oder MP4, und "
        "geben Sie diese.",
        words.TOOK_TOO_LONG: "Die Prüfung dieser Datei dauerte zu lange und wurde beendet. Schneiden Sie den wichtigen Teil "
        "heraus, oder speichern Sie eine kleinere Kopie, und versuchen Sie es noch einmal.",
        words.TOOK_TOO_MUCH: "Die Prüfung dieser Datei brauchte mehr Speicher als erlaubt und wurde beendet. Speichern "
        "Sie eine kleinere Kopie und versuchen Sie es noch einmal.",
        words.WILL_NOT_START: "Das Programm, das Dateien prüft, konnte nicht gestartet werden. Bitte versuchen Sie es in einer "
        "Minute noch einmal. Hilft das nicht, sollte, wer diese Seite betreibt, dies ausführen: python -m detector self-check",
        "The file consists of more than {most} {what}, which no camera or program writes. Save the picture anew, for example "
        "as JPEG, and try again.": "Die Datei besteht aus mehr als {most} {what}, wie keine Kamera und kein Programm sie "
        "schreibt. Speichern Sie das Bild neu, zum Beispiel als JPEG, und versuchen Sie es noch einmal.",
        "chunks": "Stücken (chunks)",
        "segments": "Abschnitten",
        "boxes": "Kästen (boxes)",
        "pages": "Seiten",
        "blocks": "Blöcken",
        "parts": "Teilen",
        "The picture has {width} x {height} pixels and is stored in up to {passes} passes, which would take too long to read. "
        "Save it anew as an ordinary JPEG and try again.": "Das Bild hat {width} x {height} Pixel und ist in bis zu {passes} "
        "Durchgängen gespeichert; es zu lesen, dauerte zu lange. Speichern Sie es neu als gewöhnliches JPEG und versuchen Sie "
        "es noch einmal.",
        words_gradio.WRONG_KIND: "Diese Art von Datei wird hier nicht angenommen. Fotos gehören unter „Foto“, Videos unter "
        "„Video“.",
        words_gradio.LOST: "Die Verbindung zu dieser Seite ist abgerissen. Laden Sie die Seite neu und versuchen Sie es dann "
        "noch einmal.",
        "Error": "Fehler",
        "Close": "Schließen",
        "Clear": "Entfernen",
        "Remove Image": "Bild entfernen",
        "More tabs": "Weitere Reiter",
        "File upload": "Hochladen einer Datei",
        "Upload file": "Datei hochladen",
        "Capture from camera": "Mit der Kamera aufnehmen",
        "Paste from clipboard": "Aus Zwischenablage einfügen",
        "Click to Access Webcam": "Zum Öffnen der Kamera drücken",
        "Drop an image file here to upload": "Laden Sie ein Bild hier ab, um es hochzuladen.",
        "Drop a video file here to upload": "Laden Sie eine Video-Datei hier ab, um sie hochzuladen.",
        "Drop Video Here": "Video hier ablegen",
        "Click to Upload": "Hochladen",
        "- or -": "- oder -",
        "Loading": "Laden",
    }
)
