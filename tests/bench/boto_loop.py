# SPDX-License-Identifier: MIT
"""boto_loop.py URL CA REGION INSTANCE: fetches its screenshot COUNT times for each line of stdin,
by one client, and prints the microseconds of each."""

import base64
import sys
import time

import boto3

url, ca, region, instance = sys.argv[1:]
client = boto3.client("ec2", endpoint_url=url, verify=ca, region_name=region)
for line in sys.stdin:
    took = []
    for _ in range(int(line)):
        began = time.monotonic()
        base64.b64decode(client.get_console_screenshot(InstanceId=instance)["ImageData"])
        took.append((time.monotonic() - began) * 1e6)
    print(*(f"{one:.1f}" for one in took), flush=True)
