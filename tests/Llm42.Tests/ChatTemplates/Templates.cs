using System.Text.Json;
using Llm42.ChatTemplates;

namespace Llm42.Tests.ChatTemplates;

/// <summary>Templates given as text.</summary>
internal static class Templates
{
    /// <summary>Renders a template; the request has no messages unless it says so.</summary>
    public static string Render(string template, string request = "{\"messages\":[]}", ChatTemplateOptions? options = null) =>
        ChatTemplate.Parse("test", template, options: options).Render(JsonDocument.Parse(request).RootElement);

    public static ChatTemplateException Refused(string template, string request = "{\"messages\":[]}", ChatTemplateOptions? options = null) =>
        Assert.ThrowsExactly<ChatTemplateException>(() => Render(template, request, options), template.Length > 200 ? template[..200] : template);

    /// <summary>A template with most of what the hub's templates have in it.</summary>
    public const string Typical = """
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
            {{- "# Tools\n<tools>" }}
            {%- for tool in tools %}{{- "\n" }}{{- tool | tojson(indent=2) }}{%- endfor %}
            {{- "\n</tools><|im_end|>\n" }}
        {%- endif %}
        {%- set ns = namespace(multi=true, last=messages|length - 1) %}
        {%- for message in messages[::-1] %}
            {%- set index = (messages|length - 1) - loop.index0 %}
            {%- if ns.multi and message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
                {%- set ns.multi, ns.last = false, index %}
            {%- endif %}
        {%- endfor %}
        {%- macro turn(role, text='', sep='\n') -%}<|im_start|>{{ role ~ sep ~ text|trim }}<|im_end|>{{ sep }}{%- endmacro %}
        {%- for message in messages if message.role != 'system' or loop is undefined %}
            {%- if message.content is string %}{% set content = message.content.split('</think>')[-1].lstrip('\n') %}
            {%- elif message.content is iterable and message.content is not mapping %}
                {%- set content %}{% for part in message.content|selectattr('type', 'equalto', 'text') %}{{ part['text'] }}{% endfor %}{% endset %}
            {%- else %}{{ raise_exception('bad content at ' ~ loop.index) }}{%- endif %}
            {{- turn(message.role, content) }}
            {%- for call in message.tool_calls|default([], true) %}{{ call.function.name }}({{ call.function.arguments.items()|map('join', '=')|join(', ') }}){% endfor %}
        {%- endfor %}
        {#- the end -#}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}
        """;

    public const string TypicalRequest = """
        {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": " hi 😀"},
        {"role": "assistant", "content": "<think>a</think>\n\nb", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1.5, "b": null}}}]},
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image"}]}],
        "tools": [{"type": "function", "function": {"name": "f"}}], "add_generation_prompt": true, "enable_thinking": false}
        """;
}
