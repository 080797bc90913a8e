# SPDX-License-Identifier: MIT
"""What botocore, the AWS CLI's engine, makes of an environment: run with that environment, it signs in
as any program would, and prints how it got its keys and who the cloud says it is.

botocore 1.29 has no setting for the endpoints of STS and single sign-on, so every client that it
makes, for itself too, is given the simulator's.
"""

import json
import sys

import botocore.exceptions
import botocore.session


class Session(botocore.session.Session):
    """A session all of whose clients talk to one address."""

    endpoint = None

    def create_client(self, *args, **more):
        more["endpoint_url"] = self.endpoint
        return super().create_client(*args, **more)


def main():
    endpoint, ca = sys.argv[1:]
    session = Session()
    Session.endpoint = endpoint
    session.set_config_variable("ca_bundle", ca)
    try:
        keys = session.get_credentials()
        if keys is None:
            print(json.dumps({"error": "none"}))
            return
        identity = session.create_client("sts").get_caller_identity()
        regions = session.create_client("ec2").describe_regions()["Regions"]
    except botocore.exceptions.ClientError as error:
        print(json.dumps({"error": error.response["Error"]["Code"]}))
        return
    except botocore.exceptions.BotoCoreError as error:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}))
        return
    print(json.dumps({"method": keys.method, "id": keys.access_key, "arn": identity["Arn"],
                      "account": identity["Account"], "user": identity["UserId"],
                      "regions": [one["RegionName"] for one in regions]}))


if __name__ == "__main__":
    main()
