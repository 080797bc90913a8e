# SPDX-License-Identifier: MIT
"""What `aws login` leaves behind, as tests make it: keys for some minutes, and a token with which the sign-in service of
consolefs-sim renews them for whoever proves to have the key below."""

import datetime
import hashlib
import json

NAME = "arn:aws:iam::123456789012:user/ann"
CLIENT_ID = "arn:aws:signin:::devtools/same-device"
# A key of nobody's, and the thumbprint of its public half (RFC 7638), which the token ends in.
KEY = """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIJDbLHe3A1ii+6W3S0cfRd9qbWq2B06HhfPQO8M6zP3LoAoGCCqGSM49
AwEHoUQDQgAEibvnCllburQoVTUeq4+emVCc72UihHnxrTgmBbrWgS2aEZeI9vir
DevuhMnSSFaSIRiO1v9jIKGtLPt8RRFWVQ==
-----END EC PRIVATE KEY-----
"""
# The same as other tools write it.
KEY_PKCS8 = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkNssd7cDWKL7pbdL
Rx9F32ptarYHToeF89A7wzrM/cuhRANCAASJu+cKWVu6tChVNR6rj56ZUJzvZSKE
efGtOCYFutaBLZoRl4j2+KsN6+6EydJIVpIhGI7W/2Mgoa0s+3xFEVZV
-----END PRIVATE KEY-----
"""
OTHER_KEY = """-----BEGIN EC PRIVATE KEY-----
MDECAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHoAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
"""
THUMBPRINT = "wgoB-I3ji3spXEs3tXZ3sVxt-cTDiOJnMEWMUF3hKAY"
REFRESH_TOKEN = "consolefs-sim-login." + THUMBPRINT


def in_seconds(seconds):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def file_name(name=NAME):
    return hashlib.sha256(name.encode()).hexdigest() + ".json"


def session(seconds, key_id="ASIAOLD", secret="old-secret", token="old-token", **more):
    """The text of the file, with keys that expire in so many seconds."""
    return json.dumps({
        "accessToken": {"accessKeyId": key_id, "secretAccessKey": secret, "sessionToken": token,
                        "accountId": "123456789012", "expiresAt": in_seconds(seconds)},
        "tokenType": "aws_sigv4", "clientId": CLIENT_ID, "refreshToken": REFRESH_TOKEN,
        "idToken": "an.id.token", "dpopKey": KEY, **more})
