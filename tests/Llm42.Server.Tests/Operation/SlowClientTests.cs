using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Llm42.Server.Tests.Operation;

/// <summary>Clients that are slower than the server bears; all at once, since each takes seconds.</summary>
[TestClass]
public sealed class SlowClientTests
{
    [TestMethod]
    public async Task Slow_clients_are_cut_off_and_stall_nobody()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions
        {
            MinDataRate = 1e8,
            DataRateGrace = TimeSpan.FromSeconds(1.1),
            HeaderTimeout = TimeSpan.FromSeconds(1),
        });

        // One reads nothing of its answer, one stops in its body, one in its headers.
        using HttpResponseMessage unread = await Requests.StartStreamAsync(server.Client);
        Task<string> slowBody = SendAsync(
            server, "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"model\"");
        Task<string> slowHeaders = SendAsync(server, "POST /v1/completions HTTP/1.1\r\nHost:");
        using HttpResponseMessage served = await server.Client.PostAsync("/v1/completions", Requests.Short());
        Assert.AreEqual(HttpStatusCode.OK, served.StatusCode);

        await Requests.UntilIdleAsync(server.Engine);
        Assert.AreNotEqual(0, server.Engine.Statistics.RequestsCancelled + server.Engine.Statistics.RequestsAtLength);
        string body = await slowBody;
        StringAssert.StartsWith(body, "HTTP/1.1 408", StringComparison.Ordinal);
        StringAssert.Contains(body, "\"type\":\"invalid_request_error\"", StringComparison.Ordinal);
        StringAssert.StartsWith(await slowHeaders, "HTTP/1.1 408", StringComparison.Ordinal);

        // Not before the server has cut it off: from then on it would be no slow client.
        await UntilNobodyIsServedAsync(server);
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            Stream events = await unread.Content.ReadAsStreamAsync();
            await events.CopyToAsync(Stream.Null);
        });
    }

    private static async Task UntilNobodyIsServedAsync(TestServer server)
    {
        var waited = Stopwatch.StartNew();
        while (!(await server.Client.GetStringAsync("/metrics")).Contains("llm42_requests_serving 0\n", StringComparison.Ordinal))
        {
            Assert.IsLessThan(TimeSpan.FromMinutes(1), waited.Elapsed, "the server still has a client that does not read");
            await Task.Delay(20);
        }
    }

    /// <summary>Sends some bytes and reads until the server closes.</summary>
    private static async Task<string> SendAsync(TestServer server, string text)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }
}
