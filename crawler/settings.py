"""Scrapy settings: manners and safety. Where a default of Scrapy 2.19 is changed, the reason stands beside it."""

from crawler import __version__

BOT_NAME = "houxu"
SPIDER_MODULES = ["crawler.spiders.follow"]


def user_agent(contact: str) -> str:
    """Return how we name ourselves to publishers: the project, its version, and where its operator can be reached."""
    return f"houxu/{__version__} (+{contact})"


USER_AGENT = user_agent("https://pypi.org/project/houxu/")  # crawl() puts the topic's contact in its place
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# Our own. The command line and the daemon hand them over as objects; plain `scrapy crawl` reads these.
HOUXU_DB = "corpus.db"
HOUXU_TOPIC = None  # the packaged one
HOUXU_LOCK = "scheduler.lock.run_lock"  # by name: crawler never imports scheduler
HOUXU_ALLOW_HOSTS: list[str] = []  # private hosts the guard lets pass
HOUXU_MEMORY_MB = 600  # resident; above it the crawl ends, with 1, and what is left waits (middlewares.memory)
HOUXU_CONNECT_TO: dict[str, str] = {}  # host pattern -> ADDRESS:PORT, the demo's and the tests' name service

# Manners.
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 2.0  # seconds between the starts of two requests to one host; middlewares.hosts keeps it over runs
CONCURRENT_REQUESTS = 64  # of that many hosts: one host never has two
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0  # hosts adds its own, which never goes below the delay
RETRY_ENABLED = False  # a lead that failed waits in the corpus; Scrapy's retries ignore Retry-After
COOKIES_ENABLED = False  # nothing here logs in, and cookies fetch the public suffix list

# Safety.
DOWNLOAD_HANDLERS = {
    "http": "crawler.middlewares.guard.GuardHandler",
    "https": "crawler.middlewares.guard.GuardHandler",
    "file": None,  # a feed's link read a local file
    "data": None,
    "ftp": None,
    "s3": None,
}
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024  # a 900 MB bomb of 1 kB was accepted at the default of 1 GiB
DOWNLOAD_WARNSIZE = 0
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 32 * 1024 * 1024  # at the default of 5 MB one large page in work holds up all hosts
DOWNLOAD_TIMEOUT = 20  # the whole response; at the default of 180 a byte a second holds a host for three minutes
DOWNLOAD_VERIFY_CERTIFICATES = True
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False
HTTPPROXY_ENABLED = False  # else http_proxy in the environment carries every request past the guard
TELNETCONSOLE_ENABLED = False  # executes Python
REMOTE_CONTROL_ENABLED = False  # executes Python
MEMUSAGE_ENABLED = False  # looks at the peak of the process's life: one would end all later crawls of a daemon

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # every request and answer pays for what is unused
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # nothing here logs in
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # lets concurrent requests past: 6 of 8
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.reservations.ReservationsMiddleware": 110,
    "crawler.middlewares.envelope.EnvelopeMiddleware": 940,  # before hosts takes a turn, and before bodies are unpacked
    "crawler.middlewares.hosts.HostsMiddleware": 950,  # next to the wire, so that redirects and robots.txt wait too
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # statuses are read by us
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,  # a query with a key was sent to other hosts as Referer
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # drops without a word; our bound is in storable
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # a lead is never followed further
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # no callback here hands meta on
}
ITEM_PIPELINES = {"crawler.pipelines.CorpusPipeline": 300}
CONCURRENT_ITEMS = 4  # 100, the default, makes 100 tasks per response: 1.6 times the CPU
LOG_LEVEL = "INFO"
LOGSTATS_INTERVAL = 0
WARN_ON_GENERATOR_RETURN_VALUE = False  # reads and parses a callback's source at every answer: a tenth of a poll's CPU
EXTENSIONS = {
    "scrapy.extensions.corestats.CoreStats": None,
    "crawler.middlewares.memory.MemoryCeiling": 100,
}
