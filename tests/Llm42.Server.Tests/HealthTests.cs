namespace Llm42.Server.Tests;

[TestClass]
public sealed class HealthTests
{
    [TestMethod]
    public async Task Server_is_live_and_ready_on_a_real_socket()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.AreEqual("""{"status":"ok"}""", await server.Client.GetStringAsync("/health"));
        Assert.AreEqual("""{"status":"ok"}""", await server.Client.GetStringAsync("/ready"));
    }
}
