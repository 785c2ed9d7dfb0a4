using System.Net;
using System.Text.Json;

namespace Llm42.Server.Tests;

/// <summary>What becomes of messages: the prompt that the model gets, or an error.</summary>
[TestClass]
public sealed class ChatMessageTests
{
    private static ScriptedServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _server = await ScriptedServer.StartAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    [DataRow("""[{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]""", "<system>Be brief<user>Hi<assistant>")]
    [DataRow("""[{"role": "developer", "content": "Be brief"}, {"role": "user", "content": "Hi", "name": "Ann"}]""", "<system>Be brief<user>Hi(Ann)<assistant>")]
    [DataRow("""[{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]}]""", "<user>one\ntwo<assistant>")]
    [DataRow("""[{"role": "user", "content": "Ünï \u0001 \ud83d\ude00"}]""", "<user>Ünï \u0001 😀<assistant>")]
    [DataRow(
        """[{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]}, {"role": "tool", "tool_call_id": "a", "content": "2"}]""",
        """<assistant>(none)[{"id": "a", "type": "function", "function": {"name": "f", "arguments": {"x": 1}}}]<tool>2[a]<assistant>""")]
    public async Task Messages_are_rendered_by_the_template_with_one_first_token(string messages, string expected)
    {
        _server.Executor.TakeRequests();
        var (status, body) = await _server.ChatAsync($$"""{"model": "demo", "messages": {{messages}}}""");
        Assert.AreEqual(HttpStatusCode.OK, status, body.ToString());
        Assert.AreEqual("<|begin|>" + expected, _server.TakePrompt());
    }

    [TestMethod]
    public async Task A_message_can_be_gone_on_with()
    {
        _server.Executor.TakeRequests();
        await _server.ChatAsync("""{"model": "demo", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Good d"}], "continue_final_message": true}""");
        Assert.AreEqual("<|begin|><user>Hi<assistant>Good d", _server.TakePrompt());
    }

    [TestMethod]
    [DataRow("[]", "messages")]
    [DataRow("\"Hi\"", "messages")]
    [DataRow("""["Hi"]""", "messages[0].")]
    [DataRow("""[{"content": "Hi"}]""", "messages[0].role")]
    [DataRow("""[{"role": "function", "content": "Hi"}]""", "messages[0].role")]
    [DataRow("""[{"role": "user"}]""", "messages[0].content")]
    [DataRow("""[{"role": "user", "content": 5}]""", "messages[0].content")]
    [DataRow("""[{"role": "user", "content": "Hi", "weight": 1}]""", "messages[0].weight")]
    [DataRow("""[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]""", "messages[0].content[0].type")]
    [DataRow("""[{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "input_audio"}]}]""", "messages[0].content[1].type")]
    [DataRow("""[{"role": "tool", "content": "x"}]""", "messages[0].tool_call_id")]
    [DataRow("""[{"role": "assistant", "audio": {"id": "x"}}]""", "messages[0].audio")]
    [DataRow("""[{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    [DataRow("""[{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "[1]"}}]}]""", "messages[0].tool_calls[0].function.arguments")]
    public async Task What_is_wrong_with_a_message_is_named(string messages, string parameter)
    {
        var (status, body) = await _server.ChatAsync($$"""{"model": "demo", "messages": {{messages}}}""");
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        Assert.AreEqual(parameter, body.GetProperty("error").GetProperty("param").GetString());
    }

    [TestMethod]
    [DataRow("fails", "not like this")]
    [DataRow("breaks", "line")]
    public async Task A_templates_errors_are_the_clients(string variable, string message)
    {
        var (status, body) = await _server.ChatAsync(
            $$$"""{"model": "demo", "messages": [{"role": "user", "content": "Hi"}], "chat_template_kwargs": {"{{{variable}}}": true}}""");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        JsonElement error = body.GetProperty("error");
        Assert.AreEqual("invalid_request_error", error.GetProperty("type").GetString());
        Assert.AreEqual("chat_template_error", error.GetProperty("code").GetString());
        StringAssert.Contains(error.GetProperty("message").GetString(), message);
    }

    [TestMethod]
    public async Task A_model_without_a_template_says_where_to_go()
    {
        await using TestServer server = await TestServer.StartAsync(chatTemplate: "");
        using HttpResponseMessage response = await server.Client.PostAsync(
            "/v1/chat/completions", new StringContent("""{"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}""", null, "application/json"));
        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(), "/v1/completions");
    }
}
