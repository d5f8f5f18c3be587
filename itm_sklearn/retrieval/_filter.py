"""Conditions on metadata, as in ``where="label == 'dog' and year > 2020"``.

The language is the part of Python that Milvus reads as well: names of columns,
constants and lists of them, comparisons, ``in``, ``and``, ``or`` and ``not``.
"""

import ast
import copy
import operator

import numpy as np

_COMPARISONS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: np.isin,
    ast.NotIn: lambda values, choice: ~np.isin(values, choice),
}
_LEAVES = (ast.Name, ast.Constant, ast.List, ast.Load, ast.USub)
_GRAMMAR = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not),
    *(ast.Compare, *_COMPARISONS, *_LEAVES),
)


class Filter:
    """A condition that was read and found to be one.

    Parameters
    ----------
    where : str
        The condition.

    Attributes
    ----------
    names : set of str
        The columns that it looks at.

    Examples
    --------
    >>> condition = Filter("label in ['dog', 'cat'] and not year < 2020")
    >>> columns = {"label": np.array(["dog", "ox"]), "year": np.array([2021, 2022])}
    >>> condition.matches(columns)
    array([ True, False])
    """

    def __init__(self, where):
        self.where = where
        try:
            tree = ast.parse(where.strip(), mode="eval")
        except SyntaxError as error:
            raise self._error(f"it can't be read: {error.msg}") from error
        for node in ast.walk(tree):
            if not isinstance(node, _GRAMMAR):
                raise self._error(f"{type(node).__name__} has no meaning in it")
        self._tree = tree.body
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if not self.names:
            raise self._error("it names no column")

    def __str__(self):
        """The condition as Milvus reads it, which does not read ``1 < x < 3``."""
        return ast.unparse(_SplitChains().visit(copy.deepcopy(self._tree)))

    def matches(self, columns):
        """Which rows of a dict of columns meet the condition, as a mask."""
        absent = sorted(self.names - set(columns))
        if absent:
            known = ", ".join(sorted(columns)) or "none"
            raise self._error(f"there is no column {absent[0]!r}; known are: {known}")
        return self._truth(self._tree, columns)

    def _truth(self, node, columns):
        match node:
            case ast.BoolOp(op=ast.And()):
                parts = [self._truth(value, columns) for value in node.values]
                return np.logical_and.reduce(parts)
            case ast.BoolOp():
                parts = [self._truth(value, columns) for value in node.values]
                return np.logical_or.reduce(parts)
            case ast.UnaryOp(op=ast.Not()):
                return ~self._truth(node.operand, columns)
            case ast.Compare():
                return self._compare(node, columns)
        values = self._value(node, columns)
        if values.dtype.kind != "b":
            raise self._error(f"{ast.unparse(node)!r} is neither true nor false")
        return values

    def _compare(self, node, columns):
        """``1 < x <= 3`` holds where each of its comparisons does."""
        operands = [self._value(n, columns) for n in (node.left, *node.comparators)]
        kinds = {"text" if _is_text(operand) else "number" for operand in operands}
        if len(kinds) > 1:
            raise self._error(f"{ast.unparse(node)!r} compares text with numbers")
        truths = [
            _COMPARISONS[type(comparison)](left, right)
            for left, comparison, right in zip(
                operands[:-1], node.ops, operands[1:], strict=True
            )
        ]
        return np.logical_and.reduce(np.broadcast_arrays(*truths))

    def _value(self, node, columns):
        if isinstance(node, ast.Name):
            return columns[node.id]
        try:
            return np.asarray(ast.literal_eval(node))
        except ValueError as error:
            raise self._error(f"{ast.unparse(node)!r} is no constant") from error

    def _error(self, what):
        return ValueError(
            f"where={self.where!r}: {what}. Write a condition on columns of the "
            "metadata, such as \"label == 'dog' and year in [2020, 2021]\"."
        )


class _SplitChains(ast.NodeTransformer):
    """Turns ``1 < x < 3`` into ``1 < x and x < 3``."""

    def visit_Compare(self, node):
        operands = [node.left, *node.comparators]
        links = zip(operands[:-1], node.ops, operands[1:], strict=True)
        parts = [ast.Compare(left, [op], [right]) for left, op, right in links]
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)


def _is_text(values):
    return values.dtype.kind == "U"
