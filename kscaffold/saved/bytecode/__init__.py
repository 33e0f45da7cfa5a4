"""What the bytecode of a lambda says, for somebody to read: decoded and never executed."""

from kscaffold.saved.bytecode.lambdas import lambda_source

__all__ = ["lambda_source"]
