using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.Tokenization;

namespace Llm42.Tests.ChatTemplates;

/// <summary>Where templates and tokens are looked for, and what the fields of a request do.</summary>
[TestClass]
public sealed class ChatTemplateTests
{
    private const string Turn = "{% for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>\n{% endfor %}";

    [TestMethod]
    public void The_jinja_file_wins_over_the_configuration_and_that_over_the_processors()
    {
        using var directory = new TemporaryDirectory();
        Assert.IsNull(ChatTemplate.TryLoad(directory.Path));
        FileNotFoundException missing = Assert.ThrowsExactly<FileNotFoundException>(() => ChatTemplate.Load(directory.Path));
        StringAssert.Contains(missing.Message, "no chat template", StringComparison.Ordinal);
        Write(directory, "chat_template.json", "{\"chat_template\": \"processor\"}");
        Assert.AreEqual("processor", Render(directory));
        Write(directory, "tokenizer_config.json", "{\"chat_template\": \"configuration\"}");
        Assert.AreEqual("configuration", Render(directory));
        Write(directory, "chat_template.jinja", "file\n");
        Assert.AreEqual("file", Render(directory));
    }

    [TestMethod]
    public void A_template_for_tools_is_used_where_there_are_tools()
    {
        using var directory = new TemporaryDirectory();
        Write(
            directory, "tokenizer_config.json",
            """{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools {{ tools|length }}"}, {"name": "rag", "template": "rag"}]}""");
        Assert.AreEqual("plain", Render(directory));
        Assert.AreEqual("plain", Render(directory, """{"messages": [], "tools": null}"""));
        Assert.AreEqual("tools 0", Render(directory, """{"messages": [], "tools": []}"""));
        Assert.AreEqual("rag", Render(directory, """{"messages": [], "chat_template": "rag"}"""));
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => Render(directory, """{"messages": [], "chat_template": "{{ 1 }}"}"""));
        StringAssert.Contains(error.Message, "\"default\", \"tool_use\", \"rag\"", StringComparison.Ordinal);

        Directory.CreateDirectory(Path.Combine(directory.Path, "additional_chat_templates"));
        Write(directory, "additional_chat_templates/tool_use.jinja", "additional");
        Write(directory, "chat_template.jinja", "main");
        Assert.AreEqual("main", Render(directory));
        Assert.AreEqual("additional", Render(directory, """{"messages": [], "tools": []}"""));
        File.Delete(Path.Combine(directory.Path, "chat_template.jinja"));
        error = Assert.ThrowsExactly<ArgumentException>(() => Render(directory));
        StringAssert.Contains(error.Message, "none is called \"default\"", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Special_tokens_are_variables_unless_the_request_has_its_own()
    {
        using var directory = new TemporaryDirectory();
        Write(directory, "chat_template.jinja", "{{ bos_token }}|{{ eos_token }}|{{ pad_token is defined }}|{{ image_token }}|{{ additional_special_tokens }}");
        Write(
            directory, "tokenizer_config.json",
            """{"added_tokens_decoder": {}, "bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null, "extra_special_tokens": {"image_token": "<i>"}, "additional_special_tokens": ["<a>", {"content": "<b>"}]}""");
        Write(directory, "special_tokens_map.json", """{"bos_token": "<other>"}""");
        Assert.AreEqual("<s>|</s>|False|<i>|['<a>', '<b>']", Render(directory));
        Assert.AreEqual("B|</s>|True|<i>|['<a>', '<b>']", Render(directory, """{"messages": [], "bos_token": "B", "pad_token": null}"""));

        // An older configuration does not list its added tokens; the map has the last word.
        Write(directory, "tokenizer_config.json", """{"bos_token": "<s>", "eos_token": "</s>"}""");
        Assert.AreEqual("<other>|</s>|False||", Render(directory));
    }

    [TestMethod]
    public void Fields_of_the_request_are_variables()
    {
        Assert.AreEqual(
            "True None None False 7 01 Jan", Templates.Render(
                "{{ enable_thinking }} {{ tools }} {{ documents }} {{ add_generation_prompt }} {{ n }} {{ date_string }}",
                """{"messages": [], "enable_thinking": true, "n": 7, "date_string": "01 Jan"}"""));
        Assert.AreEqual("1.0 10000000000.0 -0.0 123456789012345678901234567890 inf", Templates.Render("{{ x|join(' ') }}", """{"messages": [], "x": [1.0, 1e10, -0.0, 123456789012345678901234567890, 1e999]}"""));
        Assert.AreEqual("{'b': 2, 'a': 3}", Templates.Render("{{ x }}", """{"messages": [], "x": {"b": 1, "a": 3, "b": 2}}"""));
        Assert.AreEqual("T", ChatTemplate.Parse("gguf", "{{ bos_token }}{{ eos_token is defined or '' }}", new Dictionary<string, string?> { ["bos_token"] = "T", ["eos_token"] = null }).Render(JsonDocument.Parse("""{"messages": []}""").RootElement));
    }

    [TestMethod]
    [DataRow("[]", "the request is a list")]
    [DataRow("{}", "\"messages\" is missing")]
    [DataRow("""{"messages": "hi"}""", "\"messages\" is a string")]
    [DataRow("""{"messages": [1]}""", "\"messages\" holds a number")]
    [DataRow("""{"messages": [], "tools": {}}""", "\"tools\" is an object")]
    [DataRow("""{"messages": [], "documents": "x"}""", "\"documents\" is a string")]
    [DataRow("""{"messages": [], "continue_final_message": 1}""", "\"continue_final_message\" is a number")]
    [DataRow("""{"messages": [], "continue_final_message": true, "add_generation_prompt": true}""", "both true")]
    [DataRow("""{"messages": [], "continue_final_message": true}""", "no text to go on with")]
    [DataRow("""{"messages": [{"role": "user", "content": null}], "continue_final_message": true}""", "no text to go on with")]
    [DataRow("""{"messages": [], "x": "\ud800"}""", "not valid Unicode")]
    [DataRow("""{"messages": [{"\udc00": 1}]}""", "not valid Unicode")]
    public void Bad_requests_are_named(string request, string named)
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => Templates.Render(Turn, request));
        StringAssert.Contains(error.Message, named, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("\"go on \"", "<assistant>go on ")]
    [DataRow("\"go on\"", "<assistant>go on")]
    // With blanks on both sides the hub's library keeps those in front alone.
    [DataRow("\"  go on \"", "<assistant>  go on")]
    public void A_prompt_can_end_with_the_last_message(string content, string end)
    {
        string request = $$"""{"messages": [{"role": "user", "content": "go on"}, {"role": "assistant", "content": {{content}}}], "continue_final_message": true}""";
        Assert.AreEqual("<user>go on</user>\n" + end, Templates.Render(Turn, request));
        // A template that trims leaves the blanks out.
        Assert.AreEqual("<user>go on</user>\n<assistant>go on", Templates.Render(Turn.Replace("m.content", "m.content|trim", StringComparison.Ordinal), request));
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => Templates.Render("nothing", request));
        StringAssert.Contains(error.Message, "does not hold the text", StringComparison.Ordinal);
    }

    [TestMethod]
    public void The_last_part_with_text_is_gone_on_with() => Assert.AreEqual(
        "a|b|", Templates.Render(
            "{% for m in messages %}{% for p in m.content %}{{ p.text }}|{% endfor %}{% endfor %}end",
            """{"messages": [{"role": "a", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b|"}, {"type": "image"}]}], "continue_final_message": true}"""));

    [TestMethod]
    public void The_clock_is_the_callers()
    {
        var options = new ChatTemplateOptions { Clock = new Clock(new DateTimeOffset(2023, 1, 2, 15, 4, 5, TimeSpan.FromHours(2))) };
        Assert.AreEqual("02 Jan 2023 15:04", Templates.Render("{{ strftime_now('%d %b %Y %H:%M') }}", options: options));
        Assert.AreEqual("set", Templates.Render("{{ date_string|default(strftime_now('%d'), true) }}", """{"messages": [], "date_string": "set"}"""));
        StringAssert.Contains(Templates.Refused("{{ strftime_now('%Q') }}").Message, "%Q", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("chat_template.jinja", "{% if %}", "chat_template.jinja, line 1, column 7")]
    [DataRow("tokenizer_config.json", "{\"chat_template\": \"a\\n{{ }}\"}", "tokenizer_config.json, line 2, column 4")]
    public void Malformed_templates_are_named_when_they_are_loaded(string file, string text, string named)
    {
        using var directory = new TemporaryDirectory();
        Write(directory, file, text);
        StringAssert.Contains(Assert.ThrowsExactly<ChatTemplateException>(() => ChatTemplate.Load(directory.Path)).Message, named, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("{", "not valid JSON")]
    [DataRow("[]", "an object")]
    [DataRow("{\"chat_template\": 7}", "$.chat_template")]
    [DataRow("{\"chat_template\": [{\"name\": \"default\"}]}", "template")]
    [DataRow("{\"chat_template\": \"x\", \"bos_token\": 7}", "$.bos_token")]
    public void Malformed_configurations_are_named(string json, string named)
    {
        using var directory = new TemporaryDirectory();
        Write(directory, "tokenizer_config.json", json);
        StringAssert.Contains(Assert.ThrowsExactly<TokenizerFormatException>(() => ChatTemplate.Load(directory.Path)).Message, named, StringComparison.Ordinal);
    }

    [TestMethod]
    public void One_template_renders_on_many_threads()
    {
        ChatTemplate template = ChatTemplate.Parse("test", Templates.Typical);
        using JsonDocument request = JsonDocument.Parse(Templates.TypicalRequest);
        string expected = template.Render(request.RootElement);
        Parallel.For(0, 64, _ => Assert.AreEqual(expected, template.Render(request.RootElement)));
    }

    private static void Write(TemporaryDirectory directory, string file, string text) => File.WriteAllText(Path.Combine(directory.Path, file), text);

    private static string Render(TemporaryDirectory directory, string request = "{\"messages\": []}")
    {
        using JsonDocument document = JsonDocument.Parse(request);
        return ChatTemplate.Load(directory.Path).Render(document.RootElement);
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.CreateCustomTimeZone("test", now.Offset, "test", "test");

        public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();
    }
}
