"""The colours that an owner may choose, and whether they can be read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configuration.yaml_file import Block

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Mode = Literal["auto", "light", "dark"]
# What colours stand on: the cards of reports/assets, light and dark.
CARDS = {"light": "#ffffff", "dark": "#171e27"}
LINEAR = 0.04045  # up to here sRGB is a straight line
LEAST_FOR_TEXT, LEAST_FOR_SHAPES = 4.5, 3.0


class Tokens(Block):
    """Colours of one mode; those that are absent stay ours."""

    accent: Colour | None = Field(None, description="Links and what is chosen.")
    series: list[Colour] = Field([], max_length=6, description="Lines and bars, in their order.")
    good: Colour | None = None
    bad: Colour | None = None


class Theme(Block):
    """How pages look; `mode: auto` follows the reader's system."""

    mode: Mode = "auto"
    light: Tokens = Tokens()
    dark: Tokens = Tokens()

    @model_validator(mode="after")
    def _can_be_read(self) -> Theme:
        for mode, tokens in (("light", self.light), ("dark", self.dark)):
            wanted = [(f"{mode}.accent", tokens.accent, LEAST_FOR_TEXT)]
            wanted += [(f"{mode}.good", tokens.good, LEAST_FOR_TEXT)]
            wanted += [(f"{mode}.bad", tokens.bad, LEAST_FOR_TEXT)]
            wanted += [
                (f"{mode}.series[{index}]", colour, LEAST_FOR_SHAPES)
                for index, colour in enumerate(tokens.series)
            ]
            for name, colour, least in wanted:
                found = contrast(colour, CARDS[mode]) if colour else least
                if found < least:
                    raise ValueError(
                        f"{name} {colour} has a contrast of {found:.1f} to 1 on the {mode} card "
                        f"{CARDS[mode]}; it needs {least:g}"
                    )
        return self

    @property
    def css(self) -> str:
        """The style sheet's variables that this theme sets; empty for ours.

        Every colour is six hexadecimal digits, so that nothing else can get into the page.
        """
        rules = []
        for mode, tokens in (("light", self.light), ("dark", self.dark)):
            found = {"accent": tokens.accent, "accent-ink": tokens.accent}
            found |= {"good": tokens.good, "bad": tokens.bad}
            found |= {f"series-{index + 1}": one for index, one in enumerate(tokens.series)}
            if tokens.series:
                found["series-1-soft"] = f"{tokens.series[0]}24"
            text = ";".join(f"--{name}:{colour}" for name, colour in found.items() if colour)
            if text:
                selector = ":root" if mode == "light" else ""
                rules.append(f'{selector and f"{selector},"}:root[data-theme="{mode}"]{{{text}}}')
        return "".join(rules)


def theme_of(chosen: Mode | Theme) -> Theme:
    """A theme from a mode alone, or as it is."""
    return Theme(mode=chosen) if isinstance(chosen, str) else chosen


def contrast(first: str, second: str) -> float:
    """The contrast of two colours, 1 to 21, after WCAG 2.2 (relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= LINEAR else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
