"""Anthropic's Messages API (platform.claude.com/docs/en/api/messages), both directions; see `dialect`."""

from trigate.dialects.anthropic_messages.dialect import AnthropicMessages

__all__ = ["AnthropicMessages"]
