"""Prints what Python Swift's keystoneauth decides in each case of a list that comes by standard input, as JSON."""

import json
import logging
import re
import sys

from swift.common.swob import Request, Response
from swift.common.middleware import keystoneauth

logging.disable(logging.CRITICAL)
DOMAIN = 'X-Account-Sysmeta-Project-Domain-Id'


def outcome(case):
    seen = {}
    def app(env, start_response):
        req = Request(env)
        if env.get('swift.source') == 'KS':
            headers = {}
            if case['account']['domainId'] is not None:
                headers[DOMAIN] = case['account']['domainId']
            return Response(status=case['account']['status'], headers=headers)(env, start_response)
        req.acl = case['acl']
        answer = env['swift.authorize'](req) if not (case['override'] and 'swift.authorize' not in env) else None
        seen['owner'] = env.get('swift_owner')
        seen['domain'] = req.headers.get(DOMAIN)
        return (answer or Response(status=200))(env, start_response)
    environ = {'REQUEST_METHOD': case['method']}
    if case['version']:
        environ['keystone.token_info'] = {'access': {}} if case['version'] == 2 else {'token': {}}
    if case['syncKey'] is not None:
        environ['swift_sync_key'] = case['syncKey']
    if case['override']:
        environ['swift.authorize_override'] = True
        if case['conf'].get('allow_overrides') != 'no':
            environ['swift.authorize'] = lambda req: None
    req = Request.blank('/v1/x', environ=environ)
    req.environ['PATH_INFO'] = case['path']
    for name, value in case['headers'].items():
        req.environ['HTTP_' + name.upper().replace('-', '_')] = value
    res = req.get_response(keystoneauth.filter_factory({}, **case['conf'])(app))
    text = str(res.status_int)
    if seen.get('owner'):
        text += 'o'
    if req.environ.get('reseller_request'):
        text += 'r'
    if seen.get('domain') is not None:
        text += '=' + seen['domain']
    if res.status_int == 401:
        text += '@' + re.search('realm="(.*)"', res.headers['Www-Authenticate']).group(1)
    return text


print(json.dumps([outcome(case) for case in json.load(sys.stdin)]))
