"""What a reader pastes to call the demo's gateway."""


def snippets(port: int, key: str) -> str:
    """`curl`, and Python with the SDKs of OpenAI and Anthropic."""
    base = f"http://127.0.0.1:{port}"
    return f"""\
curl {base}/v1/chat/completions -H 'Authorization: Bearer {key}' \\
  -d '{{"model": "gpt-4.1", "messages": [{{"role": "user", "content": "Hello"}}]}}'

from openai import OpenAI
client = OpenAI(base_url="{base}/v1", api_key="{key}")
reply = client.chat.completions.create(model="gpt-4.1", messages=[{{"role": "user", "content": "Hello"}}])
print(reply.choices[0].message.content)

from anthropic import Anthropic
client = Anthropic(base_url="{base}", api_key="{key}")
reply = client.messages.create(
    model="claude-sonnet-4-5", max_tokens=100, messages=[{{"role": "user", "content": "Hello"}}]
)
print(reply.content[0].text)
"""
