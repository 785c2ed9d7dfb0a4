using Llm42.Cli.Traces;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class TraceFileTests
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

    [TestMethod]
    public void Arrivals_count_from_the_first()
    {
        IReadOnlyList<TraceArrival> arrivals = Read("\uFEFF" + Header + "2023-11-16 18:15:46.6805900,374,44\r\n\n2023-11-16 18:15:50.9951690,396,109\n", 10);
        Assert.AreEqual(new TraceArrival(TimeSpan.Zero, 374, 44), arrivals[0]);
        Assert.AreEqual((396, 109), (arrivals[1].Context, arrivals[1].Generated));
        Assert.AreEqual(4.314579, arrivals[1].At.TotalSeconds, 1e-5);
    }

    [TestMethod]
    public void Seconds_other_orders_and_further_columns_are_read_and_no_more_than_asked_for() =>
        CollectionAssert.AreEqual(
            new[] { new TraceArrival(TimeSpan.Zero, 5, 6), new TraceArrival(TimeSpan.FromSeconds(0.5), 7, 8) },
            Read("GeneratedTokens,user,ContextTokens,TIMESTAMP\n6,a,5,1.5\n8,b,7,2\nnot read", 2).ToArray());

    [TestMethod]
    [DataRow("", "line 1: the file is empty")]
    [DataRow("TIMESTAMP,ContextTokens\n1,2\n", "line 1: there is no column GeneratedTokens")]
    [DataRow(Header, "line 2: there is no request")]
    [DataRow(Header + "1,2\n", "line 2: 2 cells")]
    [DataRow(Header + "1,2,3,4\n", "line 2: 4 cells")]
    [DataRow(Header + "soon,2,3\n", "line 2: TIMESTAMP")]
    [DataRow(Header + "-1,2,3\n", "line 2: TIMESTAMP")]
    [DataRow(Header + "1e300,2,3\n", "line 2: TIMESTAMP")]
    [DataRow(Header + "1,0,3\n", "line 2: ContextTokens")]
    [DataRow(Header + "1,2,99999999999\n", "line 2: GeneratedTokens")]
    [DataRow(Header + "1,2,3\n0.5,2,3\n", "line 3: it arrives before")]
    public void Malformed_line_is_named(string text, string words)
    {
        InvalidDataException error = Assert.ThrowsExactly<InvalidDataException>(() => Read(text, 10));
        StringAssert.Contains(error.Message, words, StringComparison.Ordinal);
        StringAssert.StartsWith(error.Message, "t.csv, ", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Line_without_end_is_refused_before_it_fills_the_memory()
    {
        InvalidDataException error = Assert.ThrowsExactly<InvalidDataException>(() => Read(Header + new string('7', 1 << 20), 10));
        StringAssert.Contains(error.Message, "longer than", StringComparison.Ordinal);
    }

    private static IReadOnlyList<TraceArrival> Read(string text, int most)
    {
        using var reader = new StringReader(text);
        return TraceFile.Read(reader, "t.csv", most);
    }
}
