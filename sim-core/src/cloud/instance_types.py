#!/usr/bin/env python3
"""Writes instance_types.model from botocore's service model: `python3 instance_types.py > instance_types.model`.

Needs the `botocore` package only when the table is made again.
"""

import botocore.session

print(f"""\
# The instance types of EC2, a family a line: its name and its sizes.
# Derived from the service models of botocore {botocore.__version__}, Copyright Amazon.com, Inc. or its affiliates,
# licensed under the Apache License, Version 2.0 (https://www.apache.org/licenses/LICENSE-2.0).
# Made by instance_types.py.
""")
families = {}
for name in botocore.session.get_session().get_service_model("ec2").shape_for("InstanceType").enum:
    family, _, size = name.partition(".")
    families.setdefault(family, []).append(size)
for family in sorted(families):
    print(family, *families[family])
