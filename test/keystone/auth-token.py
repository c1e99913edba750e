"""Sends requests through Debian's keystonemiddleware and prints what the app behind it sees, or what the client gets. Input: JSON."""

import json
import logging
import sys

import webob
from keystonemiddleware import auth_token

logging.disable(logging.CRITICAL)
data = json.load(sys.stdin)


def app(env, start_response):
    seen = {name: value for name, value in env.items()
            if name.startswith(('HTTP_X_', 'HTTP_OPENSTACK')) and value is not None}
    status = '401 Unauthorized' if env['PATH_INFO'] == '/401' else '200 OK'
    start_response(status, [('Content-Type', 'application/json')])
    return [json.dumps(seen).encode()]


def send(case):
    handler = auth_token.filter_factory({}, **data['conf'], **case['conf'])(app)
    res = webob.Request.blank(case['path'], headers=case['headers']).get_response(handler)
    return {'status': res.status_int, 'type': res.headers.get('Content-Type'),
            'challenge': res.headers.get('WWW-Authenticate'), 'body': res.text}


print(json.dumps([send(case) for case in data['cases']]))
