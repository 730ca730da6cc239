"""Turn plain words into one op with its filled form; a person decides, nothing runs here.

Op: `agent.propose`. English and Russian, deterministic, no language model.

    millrace agent propose "train a model on tickets to predict intent"
"""
