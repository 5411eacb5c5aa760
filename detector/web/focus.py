"""Where eye and keyboard go next, as functions for the browser: to the button once a file is there, then to the result."""

from __future__ import annotations

__all__ = ["to_button", "to_result"]

_SOON_MS = 100
"""Gradio says that something changed a moment before it shows it."""


def to_button(button: str) -> str:
    """Put the focus on a button, without moving the page.

    Args:
        button: the button's id.
    """
    return f"() => {{ setTimeout(() => document.querySelector('#{button}')?.focus({{preventScroll: true}}), {_SOON_MS}); }}"


def to_result(place: str, *, whole: bool = False) -> str:
    """Put the focus on a result's headline, so that it is read aloud, and the result where the eye is.

    Args:
        place: id of the component that holds the result.
        whole: whether something that belongs to the result stands above the headline.
    """
    top = f"document.querySelector('#{place}')" if whole else "headline"
    return f"""() => {{ setTimeout(() => {{
    const headline = document.querySelector('#{place} .fc-verdict h2');
    headline?.focus({{preventScroll: true}});
    {top}?.scrollIntoView({{block: 'start'}});
}}, {_SOON_MS}); }}"""
