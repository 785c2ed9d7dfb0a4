using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Llm42.Server.Operation;

/// <summary>Sets up the log: lines on standard error, which is never waited for.</summary>
internal static class ServerLog
{
    // Kestrel and routing tell of every request by themselves below this level.
    private const LogLevel FrameworkLevel = LogLevel.Warning;

    public static void Configure(ILoggingBuilder logging, ServerOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        if (options.LogLevel is LogLevel.Information)
            logging.AddFilter("Microsoft", FrameworkLevel);
        if (options.LogFormat == LogFormat.Json)
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        else
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        logging.Services.Configure((ConsoleLoggerOptions console) =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
    }
}
