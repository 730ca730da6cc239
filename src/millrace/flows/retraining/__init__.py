"""From new labels to a challenger, judged on the same rows as the champion."""
