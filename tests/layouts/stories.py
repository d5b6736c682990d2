"""The invented stories: three, in simplified Chinese, traditional Chinese and English. Nobody in them exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story and the furniture of its page, in its own language.

    Attributes:
        teasers: title and first words of other stories, for the lists around it.
        replies: what readers wrote.
        words: what the page's own lines are called: site, comments, more, share, cookie notice, editor, copyright.
    """

    name: str
    lang: str
    script: str
    title: str
    paragraphs: tuple[str, ...]
    author: str
    source: str
    date: str
    shown_date: str
    teasers: tuple[tuple[str, str], ...]
    replies: tuple[tuple[str, str], ...]
    words: dict[str, str]


STORIES = (
    Story(
        name="harbour",
        lang="zh",
        script="simplified",
        title="星桥科技发布第三代港口调度模型，吞吐效率提升两成",
        paragraphs=(
            "星桥科技周二在临海市发布第三代港口调度模型“潮汐三号”，称在六个月的试运行中，集装箱周转时间平均缩短了百分之二十一。",
            "公司首席工程师林知远介绍，新模型不再为每一台岸桥单独排班，而是把整个堆场当作一张图来求解，夜班的空驶里程因此少了近三分之一。",
            "“我们最初的目标只是减少拥堵，没有想到电费先降了下来。”他在发布会上说，团队为此重写了能耗模块，并把数据交给临海港务局核对。",
            "临海港务局调度中心的一份内部通报显示，试运行期间共处理船舶一千四百余艘次，人工改单的次数由每天三十七次降至每天九次。",
            "并非所有人都感到乐观。堆场司机工会代表指出，自动排班让休息时间变得零碎，工会已就此向公司提出三点要求，目前双方仍在商谈。",
            "星桥科技表示，模型的接口将于明年春季向中小港口开放，首批名额为十二个，申请者须承诺公开故障记录。",
        ),
        author="顾明川",
        source="临海日报",
        date="2025-03-18T14:26",
        shown_date="2025年03月18日 14:26",
        teasers=(
            (
                "松原大学研制出可折叠的雨水收集屋顶",
                "松原大学建筑学院的研究人员近日展示了一种可折叠屋顶，雨天自动展开，晴天收拢，成本只有传统方案的一半。",
            ),
            (
                "青禾农机年报：出口订单首次超过内销",
                "青禾农机昨日公布年报，全年营收增长百分之九，其中出口订单占到五成二，公司计划在北方新建一座装配厂。",
            ),
            (
                "一座山城如何用缆车运送快递",
                "清晨六点，第一班缆车已经装满包裹。对于这座没有一条平路的山城来说，缆车比货车更快，也更安静。",
            ),
            (
                "云川市地铁延长线将于下月开通",
                "云川市轨道公司表示，延长线共设七站，全程约十九分钟，开通首周乘客可以免费乘坐。",
            ),
        ),
        replies=(
            ("海风三号", "我在港口上班，夜里确实安静多了，就是排班表变得太快，有点跟不上。"),
            ("阿梨不吃梨", "电费先降下来这一点很有意思，希望他们把数据完整公开，让大家都看看。"),
            ("老船工", "以前靠经验，现在靠模型，年轻人少走弯路，我们这些老家伙只好学着看屏幕。"),
        ),
        words={
            "site": "远见新闻网",
            "comments": "网友评论",
            "more": "相关阅读",
            "share": "分享到",
            "editor": "责任编辑：白露",
            "cookie": "本网站使用Cookie以改善您的浏览体验，继续浏览即表示您同意我们的隐私政策。",
            "source": "来源：",
            "copyright": "版权声明：凡本网注明来源的作品，未经授权不得转载。",
            "by": "作者：",
            "read": "阅读 2318",
        },  # fmt: skip
    ),
    Story(
        name="library",
        lang="zh",
        script="traditional",
        title="海雲市立圖書館啟用夜間機械書庫，還書三分鐘可再借",
        paragraphs=(
            "海雲市立圖書館週五晚間正式啟用機械書庫，讀者歸還的書籍由軌道車送入地下四層，平均三分鐘後便能再次借出。",
            "館長沈若汀說明，書庫可容納六十二萬冊，過去需要十四名館員輪班上架，如今夜間只留兩人值守，其餘人力改為舉辦講座。",
            "系統由本地團隊設計，軌道車沒有鏡頭，只憑書背晶片與重量判斷位置；團隊認為，這樣可以避免記錄讀者的樣貌。",
            "啟用當晚共有三百多人排隊參觀，其中一名小學生借走了館藏最舊的一本地圖集，那本書上一次被借出是在十九年前。",
            "市議員則提醒，維護合約每年需要一千二百萬元，市府應公布前三年的故障率，再決定是否在分館推廣。",
            "圖書館計畫於秋季開放預約導覽，每週兩場，每場限二十人，導覽路線將經過停用的舊鍋爐房。",
        ),
        author="葉靜嵐",
        source="海雲晚報",
        date="2024-11-08T21:05",
        shown_date="2024-11-08 21:05",
        teasers=(
            (
                "漁村小學把教室搬上退役渡輪",
                "退役渡輪停在碼頭邊，甲板成了操場。校長說，孩子們最喜歡的課是在駕駛艙裡上的數學。",
            ),
            (
                "氣象站百年紀錄首度全文公開",
                "一百年來的手寫紀錄共一千三百多本，志工花了四年時間掃描與校對，如今任何人都可以查閱。",
            ),
            (
                "老戲院改建成社區廚房",
                "舞台變成了爐台，觀眾席擺上長桌。負責人表示，每天供應的兩百份晚餐都由居民輪流烹煮。",
            ),
            (
                "山區公車改用預約制後乘客倍增",
                "過去一天三班的公車改為預約制之後，乘客人數在半年內增加一倍，司機的等待時間也縮短許多。",
            ),
        ),
        replies=(
            ("夜讀的貓", "昨天去排了四十分鐘，看到軌道車從玻璃後面經過的時候，全場都安靜下來。"),
            ("半塘", "維護費用確實要講清楚，不過能把人力拿來辦講座，我覺得是值得的。"),
            ("小橋流水", "希望分館也能有，不然每次都要坐一個小時的車到總館還書。"),
        ),
        words={
            "site": "海岸線新聞",
            "comments": "讀者留言",
            "more": "延伸閱讀",
            "share": "分享",
            "editor": "責任編輯：江望",
            "cookie": "本網站使用 Cookie 以提升服務品質，繼續瀏覽即表示您同意我們的隱私權政策。",
            "source": "來源：",
            "copyright": "版權所有，未經授權請勿轉載。",
            "by": "作者：",
            "read": "瀏覽 972",
        },  # fmt: skip
    ),
    Story(
        name="orchard",
        lang="en",
        script="latin",
        title="Larkfield robots prune an orchard overnight, and growers weigh the cost",
        paragraphs=(
            "A fleet of nine pruning robots built by Larkfield Machines finished a forty-acre orchard in the Teme valley in "
            "a single night last week, a job that usually takes a crew of twelve the better part of a month.",
            "The machines work in the dark because their depth sensors are confused by direct sun, said Ines Varga, who "
            "leads the project, and because the trees are easier to read when there is no wind to move the shoots.",
            "“We lost two branches that should have stayed,” she told growers who had come to inspect the rows on Tuesday "
            "morning. “A tired person with a saw loses more than that before lunch.”",
            "Growers were divided over the price. Each robot is leased for eleven hundred a week during the season, and the "
            "company wants a commitment of three years, longer than most of the orchards in the valley have been profitable.",
            "The county's labour board has asked for figures on displaced work. It noted that pruning is the only winter "
            "employment for some two hundred families, and that retraining offered so far covers fewer than thirty of them.",
            "Larkfield says it will publish the error rate of every machine at the end of the winter, and that any grower "
            "may switch the fleet off by pulling a red cord strung along the first row.",
        ),
        author="Maud Ellery",
        source="The Teme Courier",
        date="2025-01-22T09:40",
        shown_date="January 22, 2025 9:40 AM",
        teasers=(
            (
                "Ferry timetable to be set by the tide",
                "From April the ferry will leave when the water allows, and an app "
                "will tell passengers when that is, the harbour trust decided.",
            ),
            (
                "A bakery that opens only when it rains",
                "The owner says the idea began as a joke about her roof, which "
                "collects enough water for exactly four hundred loaves.",
            ),
            (
                "Village votes to keep its night train",
                "By a margin of eleven, residents chose to pay for the stop "
                "themselves for at least another two winters, the council said.",
            ),
            (
                "School swaps bells for a choir",
                "Lessons now end when eight pupils sing in the stairwell, and teachers say "
                "the corridors have never been so calm.",
            ),
        ),
        replies=(
            ("pippin", "I walked the rows on Tuesday and honestly could not tell which trees the machines had done."),
            ("old_saw", "Three years is a long lease when you do not know what the frost will do in the second one."),
            (
                "teme_local",
                "Two hundred families is not a footnote. Somebody should ask them before the next night run.",
            ),
        ),
        words={
            "site": "Valley Record",
            "comments": "Comments",
            "more": "Related stories",
            "share": "Share this",
            "editor": "Edited by Rowan Pike",
            "cookie": "We use cookies to improve your experience. By continuing you "
            "agree to our privacy policy and the storage of personal data.",
            "source": "Source: ",
            "copyright": "Copyright Valley Record. All rights reserved.",
            "by": "By ",
            "read": "2,318 views",
        },  # fmt: skip
    ),
)
