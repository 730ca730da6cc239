"""Serve models: say which one answers under which name, and ask it.

A deployment gives a model version or alias a name that clients call over the Open Inference
Protocol v2: `deployment.create` makes one, `deployment.update` points it at another model,
`deployment.delete` ends it, `deployment.list` and `deployment.show` say what there is, and
`deployment.predict` asks it in process. `serve.py` puts all of them on the server's port;
an alias that moves is followed without a restart.

    millrace deployment create intent --model intent@champion
"""
