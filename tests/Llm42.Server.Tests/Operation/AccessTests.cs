using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace Llm42.Server.Tests.Operation;

[TestClass]
public sealed class AccessTests
{
    [TestMethod]
    public async Task Key_is_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { ApiKeys = ["first", "second"] });
        Assert.AreEqual(HttpStatusCode.OK, (await server.Client.GetAsync("/health")).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await server.Client.GetAsync("/ready")).StatusCode);
        foreach (string path in (string[])["/v1/models", "/metrics"])
        {
            await AssertRefusedAsync(path, null);
            await AssertRefusedAsync(path, "Bearer third");
            await AssertRefusedAsync(path, "Bearer firs");
            await AssertRefusedAsync(path, "Basic first");
            Assert.AreEqual(HttpStatusCode.OK, (await GetAsync(path, "Bearer first")).StatusCode);
            Assert.AreEqual(HttpStatusCode.OK, (await GetAsync(path, "bearer second")).StatusCode);
        }

        using HttpResponseMessage post = await server.Client.PostAsync("/v1/completions", Requests.Short());
        await Requests.AssertErrorAsync(post, 401, "invalid_request_error", "invalid_api_key");
        Assert.AreEqual(0, server.Engine.Statistics.Requests);

        async Task AssertRefusedAsync(string path, string? authorization)
        {
            using HttpResponseMessage response = await GetAsync(path, authorization);
            await Requests.AssertErrorAsync(response, 401, "invalid_request_error", "invalid_api_key");
            Assert.AreEqual("Bearer", response.Headers.WwwAuthenticate.ToString());
        }

        async Task<HttpResponseMessage> GetAsync(string path, string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (authorization is not null)
                request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
            return await server.Client.SendAsync(request);
        }
    }

    [TestMethod]
    public async Task Rate_of_each_key_is_limited()
    {
        var clock = new ManualClock();
        await using TestServer server = await TestServer.StartAsync(
            new ServerOptions { ApiKeys = ["first", "second"], RequestsPerMinute = 7 }, clock: clock);
        for (int i = 1; i <= 7; i++)
            await AssertAllowedAsync("first", 7 - i, 60 / 7.0 * i);
        using (HttpResponseMessage refused = await GetAsync("first"))
        {
            StringAssert.Contains(await Requests.AssertErrorAsync(refused, 429, "rate_limit_error", "rate_limit_exceeded"), "7 requests", StringComparison.Ordinal);
            Assert.AreEqual(TimeSpan.FromSeconds(9), refused.Headers.RetryAfter!.Delta);
        }

        await AssertAllowedAsync("second", 6, 60 / 7.0);
        clock.Advance(TimeSpan.FromSeconds(9));
        await AssertAllowedAsync("first", 0, 60 - 9 + (60 / 7.0));
        Assert.AreEqual(429, (int)(await GetAsync("first")).StatusCode);
        clock.Advance(TimeSpan.FromHours(1));
        await AssertAllowedAsync("first", 6, 60 / 7.0);

        async Task AssertAllowedAsync(string key, int remaining, double reset)
        {
            using HttpResponseMessage response = await GetAsync(key);
            Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
            Assert.AreEqual("7", Header(response, "x-ratelimit-limit-requests"));
            Assert.AreEqual($"{remaining}", Header(response, "x-ratelimit-remaining-requests"));
            Assert.AreEqual(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{reset:0.###}s"), Header(response, "x-ratelimit-reset-requests"));
        }

        async Task<HttpResponseMessage> GetAsync(string key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new("Bearer", key) } };
            return await server.Client.SendAsync(request);
        }
    }

    [TestMethod]
    public async Task Request_id_comes_back_where_it_is_harmless()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.AreEqual("trace-1/a:b", await IdAsync("trace-1/a:b"));
        foreach (string? id in (string?[])[null, "", "a b", "<script>", new string('a', 129)])
            StringAssert.StartsWith(await IdAsync(id), "req_", StringComparison.Ordinal);
        Assert.AreNotEqual(await IdAsync(null), await IdAsync(null));

        async Task<string> IdAsync(string? id)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere");
            if (id is not null)
                request.Headers.TryAddWithoutValidation("x-request-id", id);
            using HttpResponseMessage response = await server.Client.SendAsync(request);
            return Header(response, "x-request-id");
        }
    }

    [TestMethod]
    public async Task Web_pages_of_named_origins_alone_may_call()
    {
        await using (TestServer closed = await TestServer.StartAsync())
        {
            Assert.IsNull(await AllowedAsync(closed, HttpMethod.Get, "https://page.example"));
            Assert.IsNull(await AllowedAsync(closed, HttpMethod.Options, "https://page.example"));
        }

        await using TestServer open = await TestServer.StartAsync(new ServerOptions { AllowedOrigins = ["https://page.example"], ApiKeys = ["key"] });
        Assert.AreEqual("https://page.example", await AllowedAsync(open, HttpMethod.Options, "https://page.example"));

        // An error must be readable too: this one has no key.
        Assert.AreEqual("https://page.example", await AllowedAsync(open, HttpMethod.Get, "https://page.example"));
        Assert.IsNull(await AllowedAsync(open, HttpMethod.Options, "https://other.example"));

        static async Task<string?> AllowedAsync(TestServer server, HttpMethod method, string origin)
        {
            using var request = new HttpRequestMessage(method, "/v1/models") { Headers = { { "Origin", origin } } };
            if (method == HttpMethod.Options)
                request.Headers.Add("Access-Control-Request-Method", "GET");
            using HttpResponseMessage response = await server.Client.SendAsync(request);
            return response.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? values) ? values.Single() : null;
        }
    }

    [TestMethod]
    public async Task Kestrel_configuration_makes_it_speak_TLS()
    {
        string directory = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            await File.WriteAllTextAsync(Path.Combine(directory, "certificate.pem"), certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(directory, "key.pem"), key.ExportPkcs8PrivateKeyPem());
            IConfiguration configuration = Kestrel(
                ("Certificates:Default:Path", Path.Combine(directory, "certificate.pem")), ("Certificates:Default:KeyPath", Path.Combine(directory, "key.pem")));
            await using TestServer server = await TestServer.StartAsync(new ServerOptions { Configuration = configuration });
            Assert.AreEqual("https", server.Address.Scheme);
            using var handler = new SocketsHttpHandler
            {
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, given, _, _) => given!.GetCertHashString() == certificate.GetCertHashString(),
                },
            };
            using var client = new HttpClient(handler) { BaseAddress = server.Address };
            Assert.AreEqual("""{"status":"ok"}""", await client.GetStringAsync("/health"));
            using var plain = new HttpClient { BaseAddress = new UriBuilder(server.Address) { Scheme = "http" }.Uri };
            await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync("/health"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [TestMethod]
    public async Task Addresses_that_others_reach_need_a_key()
    {
        await AssertRefusedAsync(new ServerOptions { Host = "0.0.0.0" }, "Host is 0.0.0.0");
        await AssertRefusedAsync(new ServerOptions { Host = "::" }, "Host is ::");
        await AssertRefusedAsync(new ServerOptions { Configuration = Kestrel(("Endpoints:Open:Url", "http://*:0")) }, "Open:Url is http://*:0");
        await AssertRefusedAsync(
            new ServerOptions { Configuration = Kestrel(("Endpoints:Near:Url", "http://127.0.0.1:0"), ("Endpoints:Open:Url", "http://0.0.0.0:0")) }, "Open:Url");
        await using TestServer withKey = await TestServer.StartAsync(new ServerOptions { Host = "0.0.0.0", ApiKeys = ["key"] });
        await using TestServer insecure = await TestServer.StartAsync(new ServerOptions { Host = "0.0.0.0", IsInsecure = true });
        await using TestServer near = await TestServer.StartAsync(new ServerOptions { Configuration = Kestrel(("Endpoints:Near:Url", "http://127.0.0.1:0")) });
        Assert.AreEqual("""{"status":"ok"}""", await near.Client.GetStringAsync("/health"));

        static async Task AssertRefusedAsync(ServerOptions options, string what)
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(() => TestServer.StartAsync(options));
            StringAssert.Contains(error.Message, what, StringComparison.Ordinal);
            StringAssert.Contains(error.Message, "--insecure", StringComparison.Ordinal);
        }
    }

    private static IConfiguration Kestrel(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create($"Kestrel:{pair.Key}", (string?)pair.Value))).Build();

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
