import { each, type Facts, pathOf, q, type Verifier } from './facts.ts'

const pyjwt = ({ issuer, jwks, audience, typ, algorithm, claim, isList }: Facts): string =>
  `keys = jwt.PyJWKClient(${q(jwks)})


def refusal(header, scope):
    """The status and the challenge (RFC 6750 §3) of a request that may not do what needs a scope, or None."""
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer":
        return 401, "Bearer"
    try:
        key = keys.get_signing_key_from_jwt(token).key
        claims = jwt.decode(token, key, algorithms=[${q(algorithm)}], audience=${q(audience)}, issuer=${q(issuer)})
        if jwt.get_unverified_header(token).get("typ") != ${q(typ)}:
            raise jwt.InvalidTokenError
    except jwt.PyJWKClientConnectionError:
        raise  # Without keys nobody knows whether the token is good.
    except jwt.PyJWTError:
        return 401, 'Bearer error="invalid_token"'
    if scope not in ${isList ? `claims.get(${q(claim)}, [])` : `claims.get(${q(claim)}, "").split()`}:
        return 403, f'Bearer error="insufficient_scope", scope="{scope}"'
    return None
`

const nameOf = (scope: string): string => pathOf(scope).slice(1).replaceAll('-', '_')

/** Code for services in Python. */
export const pythonVerifiers: readonly Verifier[] = [
  {
    name: 'FastAPI',
    file: 'main.py',
    code: (facts) => `import jwt
from fastapi import Depends, FastAPI, Header, HTTPException

app = FastAPI()
${pyjwt(facts)}

def needs(scope):
    def check(authorization: str | None = Header(None)):
        refused = refusal(authorization, scope)
        if refused is not None:
            status, challenge = refused
            raise HTTPException(status, headers={"WWW-Authenticate": challenge})

    return Depends(check)

${each(facts.scopes, (one) => `\n@app.get("${pathOf(one)}", dependencies=[needs(${q(one)})])\ndef ${nameOf(one)}():\n    return {}\n`).trimEnd()}`,
  },
  {
    name: 'Flask',
    file: 'app.py',
    code: (facts) => `from functools import wraps

import jwt
from flask import Flask, request

app = Flask(__name__)
${pyjwt(facts)}

def needs(scope):
    def wrap(view):
        @wraps(view)
        def check(*args, **kwargs):
            refused = refusal(request.headers.get("Authorization"), scope)
            if refused is not None:
                status, challenge = refused
                return "", status, {"WWW-Authenticate": challenge}
            return view(*args, **kwargs)

        return check

    return wrap

${each(facts.scopes, (one) => `\n@app.get("${pathOf(one)}")\n@needs(${q(one)})\ndef ${nameOf(one)}():\n    return {}\n`).trimEnd()}`,
  },
]
