"""Text as people, and people who mean harm, write it."""

from hypothesis import strategies as st

SPOKEN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("\u20ac^{}[]~|\\"),
    max_size=400,
)

WILD = "=cmd|' /C calc'!A0\r\n{where} `x` \x1b[31m\u2028<script>\x00\ud800 " + "x" * 5000
