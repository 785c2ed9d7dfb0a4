using System.Text;
using Llm42.Cli.Remote;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class SseParserTests
{
    [TestMethod]
    public void Comments_fields_line_ends_and_names_are_understood()
    {
        SseEvent[] events = Parse(
            "\uFEFFdata: one\n\n: comment\r\ndata:two\r\n\r\nid: 7\rretry: 10\rdata:  three\r\revent: error\ndata: a\ndata\ndata: b\n\n\n\nevent: lost\n\ndata: \u00e9\u20ac\ud83d\ude00\n\n");
        CollectionAssert.AreEqual(
            new SseEvent[]
            {
                new("message", "one"), new("message", "two"), new("message", " three"), new("error", "a\n\nb"),
                new("message", "\u00e9\u20ac\ud83d\ude00"),
            },
            events);
    }

    [TestMethod]
    public void Event_without_its_empty_line_does_not_count() =>
        CollectionAssert.AreEqual(new SseEvent[] { new("message", "1") }, Parse("data: 1\n\ndata: 2\n"));

    [TestMethod]
    public void Events_survive_any_cut_and_any_line_ends()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var expected = new List<SseEvent>();
            byte[] stream = RandomStream(random, expected);
            CollectionAssert.AreEqual(expected, Parse(stream, random), $"seed {seed}");
        }
    }

    [TestMethod]
    public void Any_bytes_give_the_same_events_however_they_are_cut()
    {
        byte[] alphabet = [.. "data: event:\n\r\n\r::x"u8, 0xff, 0xef, 0xbb, 0xbf, 0];
        int events = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            byte[] stream = [.. Enumerable.Range(0, random.Next(400)).SelectMany(_ => random.Next(4) == 0
                ? "data:"u8.ToArray()
                : [alphabet[random.Next(alphabet.Length)]])];
            SseEvent[] whole = Parse(stream, null);
            events += whole.Length;
            CollectionAssert.AreEqual(whole, Parse(stream, random), $"seed {seed}");
        }

        Assert.IsGreaterThan(300, events, "hardly an event was seen");
    }

    [TestMethod]
    public void Endless_event_is_refused()
    {
        var parser = new SseParser();
        var events = new List<SseEvent>();
        byte[] piece = Encoding.ASCII.GetBytes("data: " + new string('x', 1 << 20) + "\n");
        int fed = 0;
        var error = Assert.ThrowsExactly<RemoteException>(() =>
        {
            for (; fed < 64; fed++)
                parser.Feed(piece, events);
        });
        Assert.AreEqual("malformed", error.Error.Kind);
        Assert.IsLessThan(18, fed);
    }

    private static SseEvent[] Parse(string text) => Parse(Encoding.UTF8.GetBytes(text), null);

    private static SseEvent[] Parse(byte[] stream, Random? cuts)
    {
        var parser = new SseParser();
        var events = new List<SseEvent>();
        for (int start = 0; start < stream.Length;)
        {
            int length = cuts is null ? stream.Length : Math.Min(stream.Length - start, cuts.Next(1, cuts.Next(2, 20)));
            parser.Feed(stream.AsSpan(start, length), events);
            start += length;
        }

        return [.. events];
    }

    private static byte[] RandomStream(Random random, List<SseEvent> expected)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? "\uFEFF" : "");
        for (int i = random.Next(6); i > 0; i--)
        {
            string type = random.Next(3) == 0 ? "error" : "message";
            string[] lines = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Word(random))];
            if (type == "error")
                Line("event: error");
            foreach (string line in lines)
            {
                if (random.Next(4) == 0)
                    Line(": keep-alive");
                if (random.Next(4) == 0)
                    Line("id: 3");
                Line("data: " + line);
            }

            Line("");
            expected.Add(new SseEvent(type, string.Join('\n', lines)));
        }

        return Encoding.UTF8.GetBytes(text.ToString());

        void Line(string line)
        {
            // An empty line that ends in LF, behind one that ends in CR, would be the end of that one.
            bool wouldMerge = line.Length == 0 && text.Length > 0 && text[^1] == '\r';
            text.Append(line).Append(random.Next(wouldMerge ? 1 : 0, 3) switch { 0 => "\n", 1 => "\r\n", _ => "\r" });
        }
    }

    private static string Word(Random random) => string.Concat(
        Enumerable.Range(0, random.Next(8)).Select(_ => ((string[])["a", ":", " ", "\u00e9", "\u20ac", "\ud83d\ude00", "{\"x\": 1}"])[random.Next(7)]));
}
