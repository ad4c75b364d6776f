// sources player/kernel.js player/moves.js player/player.css player/player.js player/run.js widgets/player.js build.mjs package-lock.json sha256 b1254039d44c0dee
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var x,_e,Ae,M,F,K,ce,j,ue,V,q,Me,L=Symbol.for("pv"),B={},H=[],Ee=/^m(i|n|o|s|text|space)$/,X=Array.isArray,G=H.slice,U=Object.assign;function O(e){e&&e.parentNode&&e.remove()}function p(e,t,n){var r,a,o,i={},l=arguments.length;for(o in t)o=="key"?r=t[o]:o=="ref"&&typeof e!="function"?a=t[o]:i[o]=t[o];return l>2&&(i.children=l>3?G.call(arguments,2):n),D(e,i,r,a,null)}function D(e,t,n,r,a){var o={type:e,props:t,key:n,ref:r,__k:null,__:null,__b:0,__e:null,__c:null,constructor:L,__v:a||++_e,__i:-1,__u:0};return!a&&x.vnode&&x.vnode(o),o}function z(e){return e.children}function W(e,t){this.props=e,this.context=t,this.__g=0}function E(e,t){if(t==null)return e.__&&E(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:E(e)}function Ie(e){var t,n=e.__v,r=n.__e,a=[],o=[],i=e.__P;i&&((t=U({constructor:L},n)).__v=n.__v+1,x.vnode&&x.vnode(t),Y(i,t,n,e.__n,i.namespaceURI,32&n.__u?[r]:null,a,r||E(n),32&n.__u,o),t.__v=n.__v,t.__.__k[t.__i]=t,be(a,t,o),n.__=n.__e=null,t.__e!=r&&de(t))}function de(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),de(e)}function fe(e){(8&e.__g||(e.__g|=8,M.push(e),K++))&&F==x.debounceRendering||((F=x.debounceRendering)||queueMicrotask)(he)}function he(){try{for(var e,t=1;M.length;)M.length>t&&M.sort(ce),e=M.shift(),t=M.length,8&e.__g&&Ie(e)}finally{(K=M.length)&&(F||queueMicrotask)(he)}}function ge(e,t,n,r,a,o,i,l,c,d,f){var u,_,s,h,v,y,b=r.__k||H,g=t.length;for(c=Oe(n,t,b,c,g),u=0;u<g;u++)(s=n.__k[u])!=null&&(_=~s.__i&&b[s.__i]||B,s.__i=u,y=Y(e,s,_,a,o,i,l,c,d,f),h=s.__e,(_.ref!=s.ref||8&_.__u)&&(_.ref&&J(_.ref,null,s,_),s.ref&&f.push(s.ref,s.__c||h,s)),v=v||h,4&s.__u?(c=me(s,c,e,!_.__v),_.__e&&(_.__e=null)):typeof s.type=="function"&&y!==void 0?c=y:h&&(c=h.nextSibling),s.__u&=-21);return n.__e=v,c}function Oe(e,t,n,r,a){var o,i,l,c,d,f,u,_,s,h=n.length,v=h,y=0,b=0,g=e.__k=Array(a);for(o=0;o<a;o++)(i=t[o])!=null&&typeof i!="boolean"&&typeof i!="function"?(typeof i!="object"||i.constructor===String?i=g[o]=D(null,i):X(i)?i=g[o]=D(z,{children:i}):i.constructor===L&&i.__b?i=g[o]=D(i.type,i.props,i.key,i.ref,i.__v):g[o]=i,c=o+y,i.__=e,i.__b=e.__b+1,l=null,~(d=i.__i=Ue(i,n,c,v))&&(v--,(l=n[d])&&(l.__u|=2)),l&&l.__v?(i.__u|=16,d==c-1?y--:d==c+1?y++:d!=c&&(d>c?y--:y++,b=1)):(~d||(a>h?y--:a<h&&y++),typeof i.type!="function"&&(i.__u|=4))):g[o]=null;if(b){for(f=[],u=[],o=0;o<a;o++)if((i=g[o])&&16&i.__u){for(y=0,_=f.length;y<_;)f[s=y+_>>1]<i.__i?y=s+1:_=s;f[y]=i.__i,u[o]=y+1}for(y=f.length;o--;)u[o]&&(u[o]==y?y--:g[o].__u|=4)}if(v)for(o=0;o<h;o++)!(l=n[o])||2&l.__u||(l.__e==r&&(r=E(l)),Q(l,l));return r}function me(e,t,n,r){var a,o,i,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(a=e.__k)for(o=0;o<a.length;o++)a[o]&&(a[o].__=e,t=me(a[o],t,n,!1));return t}for(t&&!t.parentNode&&(t=E(e))&&!t.parentNode&&(t=null),i=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(i!=l&&(!r&&n.moveBefore&&i.parentNode?n.moveBefore(i,t):n.insertBefore(i,t||null)),t=i;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Ue(e,t,n,r){var a,o=e.key,i=e.type,l=t[n],c=l&&!(2&l.__u);if(l===null&&o==null||c&&o==l.key&&i==l.type)return n;if(r>(c?1:0)){for(a=n-1;a>=0;a--)if((l=t[a])&&!(2&l.__u)&&o==l.key&&i==l.type)return a;for(a=n+1;a<t.length;a++)if((l=t[a])&&!(2&l.__u)&&o==l.key&&i==l.type)return a}return-1}function pe(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function N(e,t,n,r,a){var o,i;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof r=="string"&&(e.style.cssText=r=""),r)for(t in r)n&&t in n||pe(e.style,t);if(n)for(t in n)r&&n[t]==r[t]||pe(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof r!="function"&&(r=null),(e.__e||(e.__e={}))[t]=n,n&&r||(i=q[t]||(q[t]=De(t)),(e.__a||(e.__a={}))[t]=V,o=t!=(t=t.replace(ue,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,i,o):e.removeEventListener(t,i,o));else{if(a=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function De(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[j]==null)t[j]=V++;else if(t[j]<this.__a[e])return;return n(x.event?x.event(t):t)}}}function Y(e,t,n,r,a,o,i,l,c,d){var f,u,_,s,h,v,y,b,g,w,k,m,$,T,C,ie,A,I,P=t.type;if(t.constructor!==L)return null;128&n.__u&&(c=32&n.__u,f=n.__c.__z)&&(t.__u|=c,u=o=[],f.nodeType==8?l=R(f,o):o.push(f),l=o[0]||l),(f=x.__b)&&f(t);e:if(typeof P=="function"){_=i.length;try{if(b=t.props,g=(f=P.prototype)&&f.render,w=(f=P.contextType)&&r[f.__c],k=f?w?w.props.value:f.__:r,(s=n.__c)?(t.__c=s,2&s.__g&&(s.__g|=1)):(g?t.__c=s=new P(b,k):(t.__c=s=new W(b,k),s.constructor=P,s.render=Ne),w&&w.sub(s),s.state||(s.state={}),s.__n=r,s.__g|=8,s.__h=[],s.__k=[]),g&&(s.__s||(s.__s=s.state),P.getDerivedStateFromProps&&(s.__s==s.state&&(s.__s=U({},s.__s)),U(s.__s,P.getDerivedStateFromProps(b,s.__s)))),h=s.props,v=s.state,s.__v=t,n.__c){if(b!==h&&g&&!P.getDerivedStateFromProps&&s.componentWillReceiveProps&&s.componentWillReceiveProps(b,k),t.__v==n.__v&&!(8&s.__g)||!(4&s.__g)&&s.shouldComponentUpdate&&s.shouldComponentUpdate(b,s.__s,k)===!1){t.__v!=n.__v&&(s.props=b,s.state=s.__s,s.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),H.push.apply(s.__h,s.__k),s.__k=[],s.__h.length&&i.push(s),l=E(n);break e}s.componentWillUpdate&&s.componentWillUpdate(b,s.__s,k),g&&s.componentDidUpdate&&s.__h.push(function(){s.componentDidUpdate(h,v,y)})}else g&&!P.getDerivedStateFromProps&&s.componentWillMount&&s.componentWillMount(),g&&s.componentDidMount&&s.__h.push(s.componentDidMount);s.context=k,s.props=b,s.__P=e,s.__g&=-5,m=x.__r,$=g?25:0;do s.__g&=-9,m&&m(t),f=s.render(s.props,s.state=s.__s,s.context);while(8&s.__g&&++$<25);g&&(H.push.apply(s.__h,s.__k),s.__k=[]),s.state=s.__s,s.getChildContext&&(r=U({},r,s.getChildContext())),g&&n.__c&&s.getSnapshotBeforeUpdate&&(y=s.getSnapshotBeforeUpdate(h,v)),T=f&&f.type===z&&f.key==null?f.props.children:f,b.__P&&(f=l,a=(e=b.__P).namespaceURI,c=o=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&Q(S,S)}),n.__k=null),l=n.__k?E(n,0):null),l=ge(e,X(T)?T:[T],t,n,r,a,o,i,l,c,d),b.__P&&(t.__e=null,l=f),t.__u&=-161,u&&u.some(O),s.__h.length&&i.push(s),1&s.__g&&(s.__g&=-4)}catch(S){if(i.length=_,t.__v=null,c||o)if(S&&S.then){if(t.__u|=128|c,o){for(~(A=o.indexOf(l||void 0))||(A=o.length);(I=o[A-1])&&I.nodeType==8;)A--;for(;A<o.length;A++)if(I=o[A])if(o[A]=null,C){if(I==ie)break}else{if(I.nodeType!=8)break;I.data.startsWith("$s")&&(ie=R(C=I))}}if(!C){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;C=l}(f=R(C=t.__c.__z||(t.__c.__z=C)))?(t.__e=C,l=f):t.__e=l,l=l&&l.nextSibling}else o&&o.some(O);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||ye(t),x.__e(S,t,n)}}else l=t.__e=Le(n.__e,t,n,r,a,o,i,c,d,e);return(f=x.diffed)&&f(t),l}function R(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function ye(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(ye))}function be(e,t,n){for(var r=0;r<n.length;)J(n[r++],n[r++],n[r++]);x.__c&&x.__c(t,e),e.some(function(a){try{e=a.__h,a.__h=[],e.some(function(o){o.call(a)})}catch(o){x.__e(o,a.__v)}})}function Le(e,t,n,r,a,o,i,l,c,d){var f,u,_,s,h,v,y,b,g=n.props||B,w=t.props,k=t.type;if(k=="svg"?a="http://www.w3.org/2000/svg":k=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o){for(f=0;f<o.length;f++)if((h=o[f])&&(k?h.localName==k:h.nodeType==3)){e=h,o[f]=null;break}}if(!e){if(b=d.ownerDocument||document,!k)return b.createTextNode(w);e=b.createElementNS(a,k,w.is?w:d),l&&(x.__m&&x.__m(t,o),l=!1),o=null}if(k){if(d=k=="template"&&e.content||e,o=k=="textarea"&&w.defaultValue!=null?null:o&&G.call(d.childNodes),!l&&o)for(g={},f=0;f<e.attributes.length;f++)g[(h=e.attributes[f]).name]=h.value;for(f in g)h=g[f],f=="dangerouslySetInnerHTML"?_=h:f=="children"||f in w||f=="value"&&"defaultValue"in w||f=="checked"&&"defaultChecked"in w||N(e,f,null,h,a);for(f in w)h=w[f],f=="children"?s=h:f=="dangerouslySetInnerHTML"?u=h:f=="value"?v=h:f=="checked"?y=h:l&&typeof h!="function"||g[f]===h||N(e,f,h,g[f],a);u?(l||_&&(u.__html==_.__html||u.__html==e.innerHTML)||(e.innerHTML=u.__html),t.__k=[]):(_&&(e.textContent=""),(k=="foreignObject"||a=="http://www.w3.org/1998/Math/MathML"&&Ee.test(k))&&(a="http://www.w3.org/1999/xhtml"),ge(d,X(s)?s:[s],t,n,r,a,o,i,o?o[0]:n.__k&&E(n,0),l,c),o&&o.some(O)),l&&k!="textarea"||(f="value",k=="progress"&&v==null?e.removeAttribute(f):v==null||v===e[f]&&(k!="progress"||v)||N(e,f,v,g[f],a),f="checked",y!=null&&y!=e[f]&&N(e,f,y,g[f],a))}else g===w||l&&e.data==w||(e.data=w);return e}function J(e,t,n,r){try{typeof e=="function"?t?t.__x=e(t)||1:r&&(r=r.__c||r.__e)&&(t=r.__x)&&(r.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(a){x.__e(a,n)}}function Q(e,t,n){var r,a,o,i;if(x.unmount&&x.unmount(e),!(r=e.ref)||r.current&&r.current!=e.__e||J(r,null,t,e),r=e.__c){if(r.componentWillUnmount)try{r.componentWillUnmount()}catch(l){x.__e(l,t)}r.__P=r.__n=null}if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&Q(r[i],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(r=e.__c)&&(r=r.__z)&&(a=R(r,o=[]))&&(r==e.__e&&o.some(O),O(a),O(r)),n||O(e.__e),e.__e=e.__c=e.__=null}function Ne(e,t,n){return this.constructor(e,n)}function Z(e,t){var n,r,a,o;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),r=(n=e&&32&e.__u)?null:t.__k,t.__k=D(z,{children:[e]}),a=[],o=[],Y(t,t.__k,r||B,B,t.namespaceURI,r?null:t.firstChild?G.call(t.childNodes):null,a,r?r.__e:t.firstChild,n,o),be(a,t.__k,o),t.__k.props.children=null}x={__e:function(e,t,n,r){for(var a,o,i;t=t.__;)if((a=t.__c)&&!(1&a.__g)){a.__g|=4;try{if((i=(o=a.constructor)&&o.getDerivedStateFromError)&&a.setState(o.getDerivedStateFromError(e)),a.componentDidCatch&&(a.componentDidCatch(e,r||{}),i=1),i&&8&a.__g)return void(a.__g|=2)}catch(l){e=l}}throw K=0,e}},_e=0,Ae=function(e){return e!=null&&e.constructor===L},W.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=U({},this.state)),typeof e=="function"&&(e=e(U({},n),this.props)),e&&(U(n,e),this.__v&&(t&&this.__k.push(t),fe(this)))},W.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),fe(this))},W.prototype.render=z,M=[],K=0,ce=function(e,t){return e.__v.__b-t.__v.__b},j=Symbol(),ue=/(PointerCapture)$|Capture$/i,V=0,q={},Me=0;function ke(e,t,n=!1){let r=e[t][2],a=n?-1:1,o=t+a;for(;e[o]&&e[o][2]>r;)o+=a;return e[o]?o:t}function ve(e,t,n,r,a=!1){let o=([l,c])=>l===n&&c===r,i=a?e.slice(0,t).findLastIndex(o):e.findIndex((l,c)=>c>t&&o(l));return i<0?t:i}function xe({listing:e,lines:t,parts:n,step:r,moves:a}){let[o,i,,l,c]=t[r];return p("div",{class:"deft-kernel"},p(je,{listing:e[o],fn:o,line:i,moves:a}),p(We,{rows:l,changed:c,parts:n,name:e[o].name}))}function je({listing:e,fn:t,line:n,moves:r}){return p("div",{class:"deft-source deft-scrolls",tabIndex:0,role:"region","aria-label":`Source of ${e.name}, line ${n}`},p("p",{class:"deft-where"},`${e.file}: ${e.name}`),p("ol",{start:e.first},e.lines.map((a,o)=>{let i=e.first+o,l=i===n,[c,...d]=a.split(/(?=(?:^|\s)#)/);return p("li",{key:i,class:l?"now":"","aria-current":l?"step":void 0,ref:l?we:void 0},p("button",{type:"button",class:"deft-line",tabIndex:-1,title:"run to this line; with Shift, back to it","aria-label":`Run to line ${i}`,onClick:f=>r.line(t,i,f)},i),p("code",null,c,d.length?p("span",{class:"deft-comment"},d.join("")):null))})))}function We({rows:e,changed:t,parts:n,name:r}){let a=new Set(t),o=e.map((l,c)=>`<tr class="${a.has(c)?"now":""}">${n[l]}</tr>`).join(""),i=l=>l&&we(l.querySelector("tr.now"));return p("div",{class:"deft-variables deft-scrolls",tabIndex:0,role:"region","aria-label":`Variables of ${r}`},p("p",{class:"deft-where"},`variables of ${r}; marked: changed by this line`),p("table",{ref:i,key:o,dangerouslySetInnerHTML:{__html:`<tbody>${o}</tbody>`}}))}function we(e){let t=e?.closest(".deft-scrolls");t&&requestAnimationFrame(()=>{let[n,r]=[e.getBoundingClientRect(),t.getBoundingClientRect()],a=r.height/3;n.top<r.top+24?t.scrollTop-=r.top-n.top+a:n.bottom>r.bottom&&(t.scrollTop+=n.bottom-r.bottom+a)})}function $e({id:e,breakpoint:t,hits:n,refusal:r,answered:a,step:o,moves:i}){let l=n.filter(f=>f>o).length,d=(t!==a?"asking Python, which must be running":"")||r||(t?`${n.length} ${n.length===1?"stop":"stops"}, ${l} ahead`:'such as node(3) and loads("k")');return p("div",{class:"deft-transport"},p("label",{for:`${e}-stop`},"Stop when"),p("input",{id:`${e}-stop`,type:"text",value:t,spellcheck:!1,"aria-describedby":`${e}-stops`,placeholder:"first == 4",onKeyDown:f=>f.key==="Enter"&&i.stopWhen(f.target.value),onBlur:f=>i.stopWhen(f.target.value)}),p("button",{type:"button",disabled:!n.some(f=>f<o),onClick:f=>i.stop(!0,f)},"\u25C0 stop"),p("button",{type:"button",disabled:!l,onClick:f=>i.stop(!1,f)},"stop \u25B6"),p("span",{id:`${e}-stops`,role:"status",class:r?"deft-refused":"deft-hint"},d))}function ee(e){let t=new Map;return e.forEach((n,r)=>t.has(n.chapter)||t.set(n.chapter,r)),[...t]}var te=e=>e.flatMap((t,n)=>t.mark?[[t.mark,n]]:[]);function ne(e,t,n=!1){return(n?e.findLast(a=>a<t):e.find(a=>a>t))??t}function oe(e,t,n,r={}){let a=n.length-1;if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=l=>Math.max(0,Math.min(a,l));if(e.key===" ")return o(t+(e.shiftKey?-1:1));if(e.key==="ArrowRight"||e.key==="ArrowDown")return o(t+1);if(e.key==="ArrowLeft"||e.key==="ArrowUp")return o(t-1);if(e.key==="Home")return 0;if(e.key==="End")return a;if(/^[1-9]$/.test(e.key))return ee(n)[Number(e.key)-1]?.[1]??null;let i=Object.values(r).find(({key:l})=>l===e.key.toLowerCase());return i?re(i,t,e.shiftKey):null}var re=(e,t,n)=>e.to?e.to(t,n):ne(e.steps,t,n);function ae(e,t,n,r=null){let a=n.find(o=>o>e&&o<=t&&o!==r);return a===void 0?{step:t,wait:null}:{step:a-1,wait:a}}var Se=`/* the step players: what a step says, its picture, and beside a kernel's its source and variables */
.deft-player {
  max-width: 860px;
}
.deft-player h3 {
  margin-bottom: 6px;
}
.deft-chapters {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0 0 8px;
}
.deft-chapters button[aria-current="true"],
.deft-player .deft-chapters button[aria-current="true"]:hover {
  font-weight: 600;
  color: var(--deft-bg);
  background: var(--deft-ink);
  border-color: var(--deft-ink);
}
.deft-said {
  min-height: 7.4em;
}
.deft-player .deft-sentence {
  margin-bottom: 3px;
}
.deft-player pre.deft-formula {
  margin: 0;
  padding: 0;
  color: var(--deft-muted);
  background: none;
  border: 0;
  font: 12px/1.45 var(--deft-mono);
  white-space: pre-wrap;
}
.deft-wait {
  margin: 4px 0 0;
  padding: 3px 8px;
  border-left: 3px solid var(--deft-mark);
  font-weight: 600;
}
.deft-player svg .cell.lit {
  stroke: var(--deft-line);
  stroke-width: 1;
}
.deft-stage {
  overflow-x: auto; /* narrow pages scroll it rather than shrink its numbers away */
}
.deft-stage svg {
  min-width: 540px;
  display: block;
  width: 100%;
  height: auto;
}
.deft-player :is(.deft-scrub, .deft-transport) {
  margin-top: 6px;
}
.deft-ticks {
  position: relative;
  height: 15px;
  margin: 0 8px;
}
.deft-ticks span {
  position: absolute;
  transform: translateX(-50%);
  font-size: 10.5px;
  line-height: 15px;
  color: var(--deft-muted);
  white-space: nowrap;
  cursor: pointer;
}
.deft-ticks span.far {
  width: 3px;
  height: 6px;
  background: var(--deft-line);
  overflow: hidden;
  text-indent: 9px;
}
.deft-player .deft-transport label {
  color: var(--deft-muted);
}
@media (prefers-reduced-motion: no-preference) {
  .deft-player .cell.changed,
  .deft-player .frame {
    animation: deft-appear 0.35s ease-out;
  }
}
@keyframes deft-appear {
  from {
    stroke-width: 7px;
    stroke-opacity: 0.2;
  }
}
.deft-kernel {
  display: grid;
  grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr);
  gap: 8px;
  margin: 4px 0 6px;
}
.deft-source,
.deft-variables {
  height: 300px;
  overflow: auto;
  border: 1px solid var(--deft-faint);
  border-radius: 4px;
}
.deft-where {
  position: sticky;
  top: 0;
  left: 0;
  z-index: 1;
  margin: 0;
  padding: 2px 8px;
  font-size: 11px;
  color: var(--deft-muted);
  background: var(--deft-bg);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-source ol {
  width: max-content;
  min-width: 100%;
  margin: 0;
  padding: 0;
  list-style: none;
}
.deft-source li {
  display: flex;
  margin: 0;
  padding: 0 8px 0 0;
  font: 11.5px/1.5 var(--deft-mono);
  border-left: 3px solid transparent;
}
.deft-source li.now {
  background: var(--deft-faint);
  border-left-color: var(--deft-mark);
}
.deft-source li.now code {
  font-weight: 600;
}
.deft-source code {
  padding: 0;
  font: inherit;
  white-space: pre;
  color: var(--deft-ink);
  background: none;
}
.deft-source .deft-comment {
  font-weight: 400;
  color: var(--deft-muted);
}
.deft-player button.deft-line {
  flex: none;
  width: 34px;
  min-height: 0;
  padding: 0 8px 0 0;
  text-align: right;
  font-size: 11px;
  color: var(--deft-muted);
  background: none;
  border: 0;
  border-radius: 0;
}
.deft-player .deft-variables table {
  width: 100%;
  margin: 0;
}
.deft-player .deft-variables th {
  width: 1%;
  vertical-align: top;
  font-weight: 600;
  white-space: nowrap;
  border-left: 3px solid transparent;
}
.deft-player .deft-variables td {
  font: 11px/1.45 var(--deft-mono);
  white-space: nowrap;
}
.deft-player .deft-variables tr.now th,
.deft-player .deft-variables tr.now td {
  background: var(--deft-faint);
}
.deft-player .deft-variables tr.now th {
  border-left-color: var(--deft-mark);
}
.deft-player .deft-kind {
  display: block;
  font-size: 10px;
  font-weight: 400;
  color: var(--deft-muted);
}
.deft-player .deft-transport input[type="text"] {
  flex: 1 1 180px;
  max-width: 320px;
  font-family: var(--deft-mono);
}
.deft-player .deft-transport .deft-hint {
  color: var(--deft-muted);
}
.deft-player .deft-refused {
  flex-basis: 100%;
}
@container deft (max-width: 620px) {
  .deft-ticks {
    display: none; /* "Go to" names the marks */
  }
  .deft-kernel {
    grid-template-columns: minmax(0, 1fr);
  }
  .deft-source,
  .deft-variables {
    height: 210px;
  }
}
`;var Ke=[.5,1,2,4],Be=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["Home End","first and last"],["1 \u2026 9","chapters"],["P","play or pause"],["?","these keys"]];function le({id:e,title:t,frames:n,parts:r,columns:a,sheet:o,height:i,step:l,playing:c,speed:d,wait:f,theme:u,moves:_,aside:s,below:h,jumps:v={}}){let y=n[l];return p("section",{class:"deft deft-played deft-player","data-theme":u,tabIndex:0,"aria-label":`${t}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:_.key},p("style",null,Se),p("h3",null,t),p(He,{frames:n,frame:y,moves:_}),p("div",{class:"deft-said",role:"status","aria-live":c?"off":"polite"},p("p",{class:"deft-sentence"},y.sentence),y.formula?p("pre",{class:"deft-formula"},y.formula):null,f===null?null:p("p",{class:"deft-wait"},"A prediction is waiting for this step. Enter your number first, or press once more to go on without one.")),s??null,p(ze,{id:e,frame:y,parts:r,sheet:o,height:i}),p(Fe,{id:e,frames:n,step:l,moves:_}),p(qe,{id:e,frames:n,frame:y,step:l,playing:c,speed:d,moves:_,jumps:v}),h??null,p(Ve,{frame:y,parts:r,columns:a}),p("details",{class:"deft-keys"},p("summary",null,"Keys"),p("p",null,[...Be,...Object.values(v).map(({key:b,title:g})=>[b.toUpperCase(),g])].flatMap(([b,g],w)=>[w?", ":"",p("kbd",null,b),` ${g}`]),"; they work while the player has the focus.")))}function He({frames:e,frame:t,moves:n}){let r=ee(e);return r.length<2?null:p("nav",{class:"deft-chapters","aria-label":"Chapters"},r.map(([a,o],i)=>p("button",{key:a,type:"button","aria-current":String(a===t.chapter),onClick:l=>n.go(o,l)},i<9?`${i+1} ${a}`:a)))}function ze({id:e,frame:t,parts:n,sheet:r,height:a}){let o=t.picture.map(i=>n[i]).join("").replaceAll("@@",e);return p("div",{class:"deft-stage",tabIndex:0,role:"region","aria-label":"Picture"},p("svg",{class:"deft-fig",role:"img",viewBox:`0 0 800 ${a}`,"aria-label":`${t.sentence} ${t.formula}`,dangerouslySetInnerHTML:{__html:`<style>${r}</style><rect class="bg" width="100%" height="100%"/>${o}`}}))}function Fe({id:e,frames:t,step:n,moves:r}){let a=Math.max(1,t.length-1),o=-100,i=te(t).map(([l,c])=>{let d=100*c/a,f=l.length*.62*10.5*50/800,u=d-f<o;u||(o=d+f+1);let _=d-f<0?"translateX(-8px)":d+f>100?"translateX(calc(8px - 100%))":void 0;return p("span",{key:c,class:u?"far":"",title:l,style:{left:`${d}%`,transform:u?void 0:_},onClick:s=>r.go(c,s)},l)});return p("div",{class:"deft-scrub"},p("input",{type:"range",min:0,max:t.length-1,value:n,"aria-label":"Step",id:`${e}-scrub`,"aria-valuetext":`step ${n} of ${t.length-1}, ${t[n].chapter}`,onInput:l=>r.go(l.target.valueAsNumber)}),p("div",{class:"deft-ticks","aria-hidden":"true"},i))}function qe({id:e,frames:t,frame:n,step:r,playing:a,speed:o,moves:i,jumps:l}){let c=t.length-1,d=(u,_,s)=>p("button",{type:"button","aria-label":u,title:u,disabled:s===r,onClick:h=>i.go(s,h)},_),f=te(t);return p("div",{class:"deft-transport"},d("First step","|\u25C0",0),d("Step before","\u25C0",Math.max(0,r-1)),p("button",{type:"button",onClick:i.play,"aria-pressed":String(a)},a?"\u275A\u275A Pause":"\u25B6 Play"),d("Next step","\u25B6",Math.min(c,r+1)),d("Last step","\u25B6|",c),Object.entries(l).filter(([,u])=>u.label).map(([u,_])=>p("button",{key:u,type:"button",title:`${_.title} (${_.key.toUpperCase()})`,onClick:s=>i.jump(u,s)},_.label)),p("label",{for:`${e}-speed`},"Speed"),p("select",{id:`${e}-speed`,onChange:u=>i.speed(Number(u.target.value))},Ke.map(u=>p("option",{value:u,selected:u===o},`${u}\xD7`))),f.length?p("label",{for:`${e}-marks`},"Go to"):null,f.length?p("select",{id:`${e}-marks`,onChange:u=>i.go(Number(u.target.value))},p("option",{value:r,selected:!n.mark},"\u2026"),f.map(([u,_])=>p("option",{value:_,selected:_===r},u))):null,p("span",{class:"deft-count"},`step ${r} of ${c}`,n.bytes?`, ${n.bytes} so far`:""))}function Ve({frame:e,parts:t,columns:n}){if(!e.rows.length)return null;let r=`<thead><tr>${n[e.columns].map(o=>`<th scope="col">${Xe(o)}</th>`).join("")}</tr></thead>`,a=e.rows.map(o=>`<tr>${t[o]}</tr>`).join("");return p("details",null,p("summary",null,"Numbers of this step"),p("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Numbers of this step"},p("table",{dangerouslySetInnerHTML:{__html:`${r}<tbody>${a}</tbody>`}})))}var Xe=e=>e.replaceAll("&","&amp;").replaceAll("<","&lt;").replaceAll(">","&gt;");var Ce=["title","frames","parts","columns","sheet","height","step","held","theme"],Pe=1400;function se({model:e,el:t},n=()=>({}),r=[]){let a=`deft-player-${Math.random().toString(36).slice(2)}`,[o,i,l,c,d]=[!1,1,null,null,null],f=m=>e.get(m),u=()=>n(e,b,a);function _(m){let $=ae(f("step"),m,f("held"),l);$.wait!==null&&(h(),e.send({type:"look"})),[l,c]=[$.wait,m],$.step!==f("step")&&(e.set("step",$.step),e.save_changes()),g()}function s(){f("step")>=f("frames").length-1?h():_(f("step")+1),u().stops?.includes(f("step"))&&h()}function h(){clearInterval(d),[o,d]=[!1,null],g()}function v(){if(o)return h();f("step")===f("frames").length-1&&_(0),o=!0,d=setInterval(s,Pe/i),g()}let y=m=>m?.detail&&t.querySelector(".deft-player")?.focus({preventScroll:!0}),b={go(m,$){_(m),y($)},jump(m,$){_(re(u().jumps[m],f("step"),$.shiftKey)),y($)},play(m){v(),y(m)},speed(m){i=m,o&&(clearInterval(d),d=setInterval(s,Pe/i)),g()},key(m){let $=m.target.tagName;if($==="SELECT"||m.target.type==="text"||m.target.tagName==="TEXTAREA"||($==="BUTTON"||$==="SUMMARY")&&m.key===" "||m.target.classList.contains("deft-scrolls")&&/^(Arrow(Up|Down)|Home|End)$/.test(m.key))return;if(m.key==="?"){m.preventDefault(),m.stopPropagation(),t.querySelector(".deft-keys").toggleAttribute("open");return}let T=m.key.toLowerCase()==="p"&&!m.ctrlKey&&!m.metaKey&&!m.altKey,C=T?null:oe(m,f("step"),f("frames"),u().jumps);!T&&C===null||(m.preventDefault(),m.stopPropagation(),T?v():_(C))},draw:()=>g()};function g(){let m=Object.fromEntries(Ce.map($=>[$,f($)]));Z(p(le,{id:a,...m,playing:o,speed:i,wait:l,moves:b,...u()}),t)}function w(){l!==null&&!f("held").includes(l)&&_(c),g()}let k=[...Ce,...r].filter(m=>m!=="held").map(m=>`change:${m}`);return k.forEach(m=>e.on(m,g)),e.on("change:held",w),g(),()=>{clearInterval(d),k.forEach(m=>e.off(m,g)),e.off("change:held",w),Z(null,t)}}var Te=["listing","lines","jumps","breakpoint","hits","refusal","answered"];function Ge(e,t,n){let[r,a,o,i,l,c,d]=Te.map(_=>e.get(_)),f=e.get("step"),u={line:(_,s,h)=>t.go(ve(a,f,_,s,h.shiftKey),h),stop:(_,s)=>t.go(ne(l,f,_),s),stopWhen(_){e.set("breakpoint",_),e.save_changes()}};return{jumps:{...o,over:{key:"o",label:"Step over",title:"step over a helper",to:(_,s)=>ke(a,_,s)},stop:{key:"b",label:"",title:"next breakpoint",steps:l}},stops:l,aside:p(xe,{listing:r,lines:a,parts:e.get("parts"),step:f,moves:u}),below:p($e,{id:n,breakpoint:i,hits:l,refusal:c,answered:d,step:f,moves:u})}}var ut={render:e=>e.model.get("listing")?.length?se(e,Ge,Te):se(e)};export{le as Player,ut as default,ae as heldAt,Ge as kernel,ve as lineOf,ke as overOf,oe as targetOf};
