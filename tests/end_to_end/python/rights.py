"""Gives rights to users, or takes them away.

rights.py BROKER grant|revoke USER:OPERATION:TYPE:NAME...

OPERATION and TYPE as in kafka-acls (Write, TransactionalId); a NAME that ends in * is a
prefix.
"""

import re
import sys

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)


def main() -> None:
    broker, verb, *rights = sys.argv[1:]
    admin = KafkaAdminClient(bootstrap_servers=broker)
    acls = [parse(right) for right in rights]
    if verb == "grant":
        result = admin.create_acls(acls)
        assert not result["failed"], result
    else:
        for acl, matching, error in admin.delete_acls(acls):
            assert len(matching) == 1, f"{acl} stands for {matching} ({error})"
    admin.close()


def parse(right: str) -> ACL:
    user, operation, kind, name = right.split(":")
    is_prefix = name.endswith("*")
    pattern = ACLResourcePatternType.PREFIXED if is_prefix else ACLResourcePatternType.LITERAL
    return ACL(
        principal=f"User:{user}",
        host="*",
        operation=ACLOperation[constant(operation)],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType[constant(kind)], name.rstrip("*"), pattern),
    )


def constant(word: str) -> str:
    """`TransactionalId` as `TRANSACTIONAL_ID`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", word).upper()


main()
