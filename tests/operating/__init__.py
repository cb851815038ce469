"""The operating model as it is used: days, meetings, reviews, by a clock that is handed in."""
